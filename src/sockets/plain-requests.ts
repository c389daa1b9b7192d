/* Requests to Socket.IO's path that Engine.IO takes for a session's own and never answers, or answers as a fault of ours. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RollcallServer } from './connection';

const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'POST', 'OPTIONS']);

/** `upgrade`: it is to become a WebSocket. */
type EngineRequest = IncomingMessage & { readonly upgrade?: boolean };

/** Refuses what neither polls nor becomes a WebSocket. */
export function refusePlainRequests(engine: RollcallServer['engine']): void {
  engine.use((request: EngineRequest, response: ServerResponse, next: () => void) => {
    if (request.upgrade === true) return next();
    if (!METHODS.has(request.method)) return refuse(response, 405, 'Socket.IO polls with GET and POST.');
    const { url = '' } = request;
    // A body in pieces would be kept piece by piece; none of its clients sends one.
    if (request.headers['transfer-encoding'] !== undefined) return refuse(response, 411, 'A body needs its length.');
    const asks = new URLSearchParams(queryOf(url));
    if (asks.getAll('transport').every((transport) => transport !== 'websocket')) return next();
    refuse(response, 400, 'A WebSocket begins with an upgrade.');
  });
}

/** As Engine.IO reads it, which knows fragments. */
export const queryOf = (url: string): string => url.slice(url.indexOf('?') + 1).split('#', 1)[0] ?? '';

function refuse(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ code: 3, message });
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
    .end(body);
}
