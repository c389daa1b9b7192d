/* What a request may have, for whichever of Node, Socket.IO and Fastify it is: each takes some before the others see them. */
import type { IncomingMessage } from 'node:http';

/** Browsers and proxies send some dozens. Each costs far more than the four bytes that it may have. */
export const HEADERS_MAX = 200;

/** Socket.IO's clients need some hundred characters. More names would take milliseconds to read, and a line keeps them. */
const SOCKETS_URL_MAX_LENGTH = 4096;

const SOCKETS = '/socket.io/';

export const hasTooManyHeaders = ({ rawHeaders }: IncomingMessage): boolean => rawHeaders.length > 2 * HEADERS_MAX;

/** As Engine.IO looks at a URL. */
export const isForSockets = (url: string | undefined): boolean => url?.startsWith(SOCKETS) === true;

/** For Socket.IO; REST has URLs of 64 KiB. */
export const isTooLongForSockets = (url: string | undefined): boolean => (url?.length ?? 0) > SOCKETS_URL_MAX_LENGTH;
