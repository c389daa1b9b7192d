import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppError, type ErrorCode } from '@rollcall/contract';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { Apps } from '../auth/apps.service';
import { ADDRESS_MAX_LENGTH } from '../config/host-name';
import { answerOrigins } from './cors';
import { asAppError, replyWithError } from './error-reply';
import { PROBLEM } from './faces';
import { acceptJsonOnly, BODY_MAX_BYTES } from './json-body';
import { refuseMoved } from './moved-hosts';
import { CountedResponse } from './pipelines';
import { readParameters } from './query-parameters';
import { HEADERS_MAX, PATH_MAX_LENGTH } from './request-bounds';
import { RouteTable } from './route-table';
import { answerSafely, SAFE_HEADERS } from './safe-headers';
import { Shutdown } from './shutdown.service';
import { PlainUnlessSocket } from './upgrades';

/** 80 KiB: `users.presence` takes URLs of 64 KiB (some 4,500 ids), and other headers need room beside it. */
const HEADERS_MAX_BYTES = 81_920;

/** A sender has so long for the headers, from when it has connected, and for the whole request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** By so much either may be exceeded: Node looks at its connections so often, by default each half minute. */
const CONNECTIONS_LOOKED_AT_EVERY_MS = 1000;

/** A connection on which nothing moves for so long is cut: of a reader who does not read, too. Polling tabs wait for 10 s. */
const STANDSTILL_MS = 60_000;

/** Longer than the usual minute of proxies, or they would send a request into a connection that is just being closed. */
const KEEP_ALIVE_MS = 72_000;

/** Who was refused because nothing could be read has so long to close the connection. */
const REFUSED_MS = 1000;

export function httpAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_MAX_BYTES,
    // As long as a whole path may be: how long names are is for the routes to say, in words.
    routerOptions: { maxParamLength: PATH_MAX_LENGTH, querystringParser: readParameters },
    http: {
      IncomingMessage: PlainUnlessSocket,
      ServerResponse: CountedResponse,
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_LOOKED_AT_EVERY_MS,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: STANDSTILL_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // What the router itself refuses (a malformed path) never reaches Nest's filters.
    frameworkErrors: (thrown: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      replyWithError(reply, request.url, asAppError(thrown) ?? new AppError('BAD_REQUEST', thrown.message));
    },
    clientErrorHandler: refuseUnreadable,
  });
}

/** Everything about HTTP that is one rule for all routes. */
export function setUpHttp(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const routes = app.get(RouteTable);
  // Node leaves out what is more, though it goes by it, and all who have more are refused: to read them would take milliseconds.
  fastify.server.maxHeadersCount = HEADERS_MAX + 1;
  fastify.addHook('onRoute', ({ method, url }) => routes.add(method, url));
  answerSafely(fastify);
  acceptJsonOnly(fastify);
  letGo(fastify, app.get(Shutdown));
  refuseMoved(fastify, app.get(Apps));
  answerOrigins(fastify, app.get(Apps));
}

/** Without it, a keep-alive connection that is busy when the pod stops would hold it up for more than a minute. */
function letGo(fastify: FastifyInstance, shutdown: Shutdown): void {
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (shutdown.begun) void reply.header('connection', 'close');
    done();
  });
}

/** Node could not even read the request: there is no path yet, and so no face to answer in. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code, detail } = UNREADABLE.get(error.code ?? '') ?? NOT_HTTP;
  const body = JSON.stringify({
    type: 'about:blank',
    title: status.slice(4),
    status: Number(status.slice(0, 3)),
    detail,
    code,
  });
  const headers = {
    'content-type': PROBLEM.contentType,
    ...SAFE_HEADERS,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status}`, ...lines, '', body].join('\r\n'));
  setTimeout(() => socket.destroy(), REFUSED_MS).unref();
}

interface Unreadable {
  readonly status: string;
  readonly code: ErrorCode;
  readonly detail: string;
}

const NOT_HTTP: Unreadable = {
  status: '400 Bad Request',
  code: 'BAD_REQUEST',
  detail: 'The request is not valid HTTP.',
};

/** By Node's name for it. */
const UNREADABLE = new Map<string, Unreadable>([
  [
    'HPE_HEADER_OVERFLOW',
    {
      status: '431 Request Header Fields Too Large',
      code: 'URI_TOO_LONG',
      detail: `URL and headers together may have 80 KiB, and there may be ${HEADERS_MAX} headers.`,
    },
  ],
  [
    'URI_TOO_LONG',
    {
      status: '414 URI Too Long',
      code: 'URI_TOO_LONG',
      detail: `A path may have ${PATH_MAX_LENGTH} characters.`,
    },
  ],
  [
    'HPE_INVALID_URL',
    {
      status: '400 Bad Request',
      code: 'BAD_REQUEST',
      detail: `The target of the request is neither a path nor a URL with a host of at most ${ADDRESS_MAX_LENGTH} characters.`,
    },
  ],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    {
      status: '408 Request Timeout',
      code: 'REQUEST_TIMEOUT',
      detail: `The headers may take ${HEADERS_TIMEOUT_MS / 1000} seconds, the whole request ${REQUEST_TIMEOUT_MS / 1000}.`,
    },
  ],
]);
