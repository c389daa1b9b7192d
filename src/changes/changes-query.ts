import { nameFault } from '@rollcall/contract';
import { type Given, readFlag, readText, refuse } from '../http/paging';

/** Proxies close requests that take longer than half a minute. */
export const WAIT_MAX_SECONDS = 25;

/** What `GET /v1/changes` was asked. */
export interface ChangesQuery {
  readonly cursor: string | undefined;
  /** `undefined`: all channels. */
  readonly channel: string | undefined;
  readonly presence: boolean;
  readonly waitMs: number;
}

/** @throws AppError BAD_REQUEST that names the parameter. */
export function readChangesQuery(given: Given): ChangesQuery {
  const cursor = readText(given, 'cursor');
  if ((cursor?.length ?? 0) > 2048) refuse('cursor', 'is not one of an earlier answer');
  const channel = readText(given, 'channel');
  const fault = channel === undefined ? undefined : nameFault(channel);
  if (fault !== undefined) refuse('channel', fault);
  return { cursor, channel, presence: readFlag(given, 'presence') ?? channel === undefined, waitMs: readWait(given) };
}

function readWait(given: Given): number {
  const text = readText(given, 'waitSeconds');
  if (text === undefined) return WAIT_MAX_SECONDS * 1000;
  const seconds = /^\d{1,2}$/.test(text) ? Number(text) : Infinity;
  if (seconds > WAIT_MAX_SECONDS) refuse('waitSeconds', `must be a whole number from 0 to ${WAIT_MAX_SECONDS}`);
  return seconds * 1000;
}
