import { AppError } from '@rollcall/contract';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { jsonFault } from './json-depth';

/** 64 KiB: every body of the documents is far smaller, and a pod must be able to hold many of them at once. */
export const BODY_MAX_BYTES = 65_536;

/** Far above what fields allow for themselves, and far below where writing a body out again overflows the stack. */
const BODY_MAX_DEPTH = 500;

/** Most bodies are smaller. */
const FIRST_BYTES = 1024;

type Done = (error: Error | null, body?: unknown) => void;

/** Bodies are JSON or refused; an empty one counts as `{}`, whatever is said about its type. */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  const parse = (type: string, valueOf: (text: string) => unknown): void => {
    fastify.addContentTypeParser(type, (_request: unknown, body: IncomingMessage, done: Done) => {
      read(body, (fault, text = '') => {
        if (fault !== null) return done(fault);
        let value: unknown;
        try {
          value = valueOf(text);
        } catch (error) {
          return done(error as Error);
        }
        done(null, value);
      });
    });
  };
  fastify.removeAllContentTypeParsers();
  parse('application/json', jsonOf);
  parse('*', (text) => {
    if (text !== '') throw new AppError('UNSUPPORTED_MEDIA_TYPE');
    return {};
  });
}

function jsonOf(text: string): unknown {
  if (text.trim() === '') return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AppError('BAD_REQUEST', 'The body is not valid JSON.');
  }
  const fault = jsonFault(body, BODY_MAX_DEPTH);
  if (fault !== undefined) throw new AppError('BAD_REQUEST', `The body ${fault}.`);
  return body;
}

/**
 * Reads a body into one piece of memory: whoever sends it byte by byte would have each kept as an object of its own, some hundred
 * times what was sent. Too large a one is AppError PAYLOAD_TOO_LARGE.
 */
function read(body: IncomingMessage, done: (fault: Error | null, text?: string) => void): void {
  if (Number(body.headers['content-length'] ?? 0) > BODY_MAX_BYTES) return done(new AppError('PAYLOAD_TOO_LARGE'));
  let bytes = Buffer.allocUnsafe(FIRST_BYTES);
  let length = 0;
  const take = (chunk: Buffer): void => {
    const needed = length + chunk.length;
    if (needed > BODY_MAX_BYTES) return end(new AppError('PAYLOAD_TOO_LARGE'));
    if (needed > bytes.length) {
      const more = Buffer.allocUnsafe(Math.min(BODY_MAX_BYTES, Math.max(2 * bytes.length, needed)));
      bytes.copy(more, 0, 0, length);
      bytes = more;
    }
    length += chunk.copy(bytes, length);
  };
  const end = (fault?: Error): void => {
    body.off('data', take).off('end', end).off('error', end);
    if (fault === undefined) done(null, bytes.toString('utf8', 0, length));
    else done(fault instanceof AppError ? fault : new AppError('BAD_REQUEST', 'The body broke off.'));
  };
  body.on('data', take).on('end', end).on('error', end);
}
