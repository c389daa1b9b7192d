/* Requests to Socket.IO's path that Engine.IO takes for a session's own and never answers, or answers as a fault of ours. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuseLine } from '../http/line-refusal';
import type { RollcallServer } from './connection';

const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'POST', 'OPTIONS']);

/** `upgrade`: it is to become a WebSocket. `_query`: what Engine.IO has read from the URL. */
type EngineRequest = IncomingMessage & { readonly upgrade?: boolean; _query: Readonly<Record<string, string>> };

/** Refuses what neither polls nor becomes a WebSocket. Of the query what Engine.IO goes by is kept: a line keeps its request. */
export function refusePlainRequests(engine: RollcallServer['engine']): void {
  engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
    const { EIO = '', transport = '', sid = '', b64 = '' } = request._query;
    request._query = { EIO, transport, sid, b64: b64 === '' ? '' : '1' };
    if (request.upgrade === true) return next();
    if (!METHODS.has(request.method)) return refuseLine(response, 405, 'Socket.IO polls with GET and POST.');
    // A body in pieces would be kept piece by piece; none of its clients sends one.
    const inPieces = request.headers['transfer-encoding'] !== undefined;
    if (inPieces) return refuseLine(response, 411, 'A body needs its length.');
    if (transport === 'websocket') return refuseLine(response, 400, 'A WebSocket begins with an upgrade.');
    next();
  });
}

/** As Engine.IO reads it, which knows fragments. */
export const queryOf = (url: string): string => url.slice(url.indexOf('?') + 1).split('#', 1)[0] ?? '';
