import { nameFault } from '@rollcall/contract';
import { ValidateBy, type ValidationOptions } from 'class-validator';

const faultText = (property: string, fault: string): string => `${property} ${fault}`;

/** A name of 1 to 255 characters without control characters; with `orEmpty`, `''` as well. */
export const IsName = (
  { orEmpty = false }: { orEmpty?: boolean } = {},
  options?: ValidationOptions,
): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isName',
      validator: {
        validate: (value) => (orEmpty && value === '') || nameFault(value) === undefined,
        defaultMessage: (context) => faultText(context?.property ?? '', nameFault(context?.value) ?? ''),
      },
    },
    options,
  );

/** Text of 1 to `longest` UTF-16 units, as all our limits count. */
export const IsText = (longest: number, options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isText',
      validator: {
        validate: (value) => typeof value === 'string' && value.length > 0 && value.length <= longest,
        defaultMessage: (context) =>
          faultText(context?.property ?? '', `must be a string of 1 to ${longest} characters`),
      },
    },
    options,
  );

/** One name, or a list of 1 to `most` names. */
export const IsNames = (most: number, options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isNames',
      validator: {
        validate: (value) => namesFault(value, most) === undefined,
        defaultMessage: (context) => faultText(context?.property ?? '', namesFault(context?.value, most) ?? ''),
      },
    },
    options,
  );

function namesFault(value: unknown, most: number): string | undefined {
  if (typeof value === 'string') return nameFault(value);
  if (!Array.isArray(value)) return 'must be a list of channel names';
  if (value.length === 0) return 'must name at least one channel';
  if (value.length > most) return `must name at most ${most} channels`;
  for (const [index, name] of (value as unknown[]).entries()) {
    const fault = nameFault(name);
    if (fault !== undefined) return `at ${index} ${fault}`;
  }
  return undefined;
}
