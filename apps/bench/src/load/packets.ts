/*
 * As much of Engine.IO 4 and Socket.IO 5 as a text client needs: https://socket.io/docs/v4/engine-io-protocol/ and
 * https://socket.io/docs/v4/socket-io-protocol/. The client of the shelf costs more than the servers under test.
 */

export type Packet =
  | { readonly type: 'open' }
  | { readonly type: 'ping' }
  | { readonly type: 'connected' }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'disconnected' }
  /** The arguments stay as text: most are never looked at. */
  | { readonly type: 'event'; readonly name: string; readonly args: string }
  | { readonly type: 'acknowledgement'; readonly id: number; readonly args: string }
  | { readonly type: 'other' };

export const PONG = '3';

/** An event's name, and what follows it up to the closing bracket. Names of events hold no escapes. */
const EVENT = /^\["([^"\\]*)"(?:,(.*))?\]$/s;

export function readPacket(text: string): Packet {
  switch (text.charAt(0)) {
    case '0':
      return { type: 'open' };
    case '2':
      return { type: 'ping' };
    case '4':
      return readMessage(text);
    default:
      return { type: 'other' };
  }
}

function readMessage(text: string): Packet {
  switch (text.charAt(1)) {
    case '0':
      return { type: 'connected' };
    case '1':
      return { type: 'disconnected' };
    case '2': {
      const [, name, args = ''] = EVENT.exec(text.slice(text.indexOf('['))) ?? [];
      return name === undefined ? { type: 'other' } : { type: 'event', name, args };
    }
    case '3': {
      const at = text.indexOf('[');
      return { type: 'acknowledgement', id: Number(text.slice(2, at)), args: text.slice(at + 1, -1) };
    }
    case '4':
      return { type: 'refused', reason: text.slice(2) };
    default:
      return { type: 'other' };
  }
}

export const connectPacket = (auth: object): string => `40${JSON.stringify(auth)}`;

export const eventPacket = (id: number, name: string, argument: unknown): string =>
  `42${id}${JSON.stringify([name, argument])}`;
