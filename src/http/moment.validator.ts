import { ValidateBy, type ValidationOptions } from 'class-validator';

/** RFC 3339: with seconds and a zone, for a moment without one is another moment elsewhere. */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

const isMoment = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= 40 && MOMENT.test(value) && !Number.isNaN(Date.parse(value));

/** A date and time with a zone, such as `2026-11-20T10:00:00Z`. */
export const IsMoment = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isMoment',
      validator: {
        validate: isMoment,
        defaultMessage: (context) =>
          `${context?.property ?? ''} must be a date and time with a zone, such as "2026-11-20T10:00:00Z"`,
      },
    },
    options,
  );
