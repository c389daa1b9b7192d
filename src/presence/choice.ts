import { AppError, type Status, STATUS_TEXT_MAX_LENGTH, STATUSES } from '@rollcall/contract';
import { parseTime } from './presence-query';

/** What a user chooses, through whichever door. Absent keeps what was chosen before. */
export interface Choice {
  readonly status?: Status;
  readonly statusText?: string;
  /** When it ends by itself; absent: it lasts. */
  readonly untilMs?: number;
}

/** `textField`: what the client calls the text. @throws AppError BAD_REQUEST that names the field at fault. */
export function choiceOf(fields: Readonly<Record<string, unknown>>, textField: string): Choice {
  const status = statusOf(fields.status);
  const statusText = textOf(fields[textField], textField);
  return { ...(status === undefined ? {} : { status }), ...(statusText === undefined ? {} : { statusText }) };
}

/** A later year has more digits than the times of answers have room for. */
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Forms and scripts send an empty time, or null, for none. @throws AppError BAD_REQUEST */
export function endOf(value: unknown): Pick<Choice, 'untilMs'> {
  if (value === undefined || value === null || value === '') return {};
  const untilMs = typeof value === 'string' ? parseTime(value) : undefined;
  if (untilMs !== undefined && untilMs <= LATEST_MS) return { untilMs };
  throw new AppError('BAD_REQUEST', 'expiresAt must be a time in ISO 8601, as 2026-11-20T12:00:00Z.', 'expiresAt');
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
