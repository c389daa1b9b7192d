import { AppError, type Status, STATUS_TEXT_MAX_LENGTH, STATUSES } from '@rollcall/contract';

/** What a user chooses, through whichever door. Absent keeps what was chosen before. */
export interface Choice {
  readonly status?: Status;
  readonly statusText?: string;
}

/** `textField`: what the client calls the text. @throws AppError BAD_REQUEST that names the field at fault. */
export function choiceOf(fields: Readonly<Record<string, unknown>>, textField: string): Choice {
  const status = statusOf(fields.status);
  const statusText = textOf(fields[textField], textField);
  return { ...(status === undefined ? {} : { status }), ...(statusText === undefined ? {} : { statusText }) };
}

function statusOf(value: unknown): Status | undefined {
  if (value === undefined) return undefined;
  const known = STATUSES.find((one) => one === value);
  if (known !== undefined) return known;
  throw new AppError('BAD_REQUEST', `status must be one of ${STATUSES.join(', ')}.`, 'status');
}

function textOf(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new AppError('BAD_REQUEST', `${field} must be a string.`, field);
  const text = value.trim();
  if (text.length <= STATUS_TEXT_MAX_LENGTH) return text;
  throw new AppError('BAD_REQUEST', `${field} must be at most ${STATUS_TEXT_MAX_LENGTH} characters long.`, field);
}
