import { ValidateBy, type ValidationOptions } from 'class-validator';
import { jsonFault } from './json-depth';

/** A JSON object that is not nested too deep to be written out again. */
export const IsJsonObject = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isJsonObject',
      validator: {
        validate: (value) => fault(value) === undefined,
        defaultMessage: (context) => `${context?.property ?? ''} ${fault(context?.value) ?? ''}`,
      },
    },
    options,
  );

function fault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
  return jsonFault(value);
}
