/* What a request may have, for whichever of Node, Socket.IO and Fastify it is: each takes some before the others see them. */
import type { IncomingMessage } from 'node:http';
import { ADDRESS_MAX_LENGTH } from '../config/host-name';

/** Browsers and proxies send some dozens. Each costs far more than the four bytes that it may have. */
export const HEADERS_MAX = 100;

/** Socket.IO's clients need some hundred characters. More names would take milliseconds to read. */
const SOCKETS_URL_MAX_LENGTH = 4096;

/**
 * Names have 255 characters, of which each may be written with twelve. Queries may be longer. To read a path of percent signs
 * takes ten times as long as to send it, before anybody is known.
 */
export const PATH_MAX_LENGTH = 4096;

const SOCKETS = '/socket.io/';

/** A whole URL in the place of a path: a host, perhaps with a port, and then nothing but what a path may begin with. */
const WHOLE_URL = new RegExp(`^[a-z][a-z0-9+.-]*://[^/?#\\\\]{1,${ADDRESS_MAX_LENGTH}}([/?#]|$)`, 'i');

/**
 * Whether all may read a request's target, whom nobody else is asked before. Reading a host takes time by the square of its
 * letters, and a URL can be written so that it begins elsewhere than it seems to.
 */
export const isReadable = ({ url = '' }: IncomingMessage): boolean =>
  url.startsWith('/') || url === '*' || WHOLE_URL.test(url);

export const hasTooManyHeaders = ({ rawHeaders }: IncomingMessage): boolean => rawHeaders.length > 2 * HEADERS_MAX;

/** As Engine.IO looks at a URL. */
export const isForSockets = (url: string | undefined): boolean => url?.startsWith(SOCKETS) === true;

/** For Socket.IO; REST has URLs of 64 KiB. */
export const isTooLongForSockets = (url: string | undefined): boolean => (url?.length ?? 0) > SOCKETS_URL_MAX_LENGTH;

export const isPathTooLong = ({ url = '' }: IncomingMessage): boolean =>
  url.length > PATH_MAX_LENGTH && !url.slice(0, PATH_MAX_LENGTH + 1).includes('?');
