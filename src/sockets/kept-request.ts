/*
 * What is kept of the request that a line began with, for as long as the line lasts: what says who somebody is. All else that a
 * client has written there would cost several times its bytes.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { RollcallServer, RollcallSocket } from './connection';

const NAMES = [
  'host',
  ':authority',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-for',
  'origin',
  'x-auth-token',
  'x-user-id',
] as const;

/** To be called before anybody else keeps a line. */
export function keepLittle(server: RollcallServer): void {
  server.engine.on('connection', ({ request }: RollcallSocket['conn']) => {
    request.headers = keptOf(request.headers);
    request.rawHeaders = [];
    request.url = '';
  });
}

/** The characters of all that is kept. */
export function keptLength({ headers }: IncomingMessage): number {
  let length = 0;
  for (const value of Object.values(headers)) length += String(value).length;
  return length;
}

const keptOf = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(NAMES.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]]));
