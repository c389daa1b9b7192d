import type { ServerResponse } from 'node:http';

/** Refuses a request to Socket.IO's path, in the words that Engine.IO has for its own refusals. */
export function refuseLine(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ code: 3, message });
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
    .end(body);
}
