import { readAnswer } from './rest-answer';
import type { paths } from './rest.generated';
import type { BodyOf, Method, PathOf, RestAnswer, RestArguments } from './rest-types';
import { asRollcallError, RollcallError } from './rollcall-error';

/** A back end has an API key; a user has a token. */
export type RestCredentials = { readonly apiKey: string } | { readonly token: string; readonly userId: string };

export interface RestOptions {
  /** How long a call waits for its answer, in milliseconds. */
  readonly timeoutMs?: number;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
}

/** Longer than the service lets anybody wait. */
const TIMEOUT_MS = 10_000;

type Scalar = string | number | boolean;

interface AnyRequest {
  readonly path?: Readonly<Record<string, Scalar>>;
  readonly query?: Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

type Call<M extends Method> = <P extends PathOf<M>>(
  path: P,
  ...request: RestArguments<P, M>
) => Promise<RestAnswer<BodyOf<P, M>>>;

/** The routes of `openapi.json`, by method and path. Every call rejects with a `RollcallError`, or its signal's reason. */
export interface Rest {
  readonly get: Call<'get'>;
  readonly post: Call<'post'>;
  readonly put: Call<'put'>;
  readonly delete: Call<'delete'>;
}

/** Asks a service over REST; `baseUrl` is where its `/message`, `/api/v1` and `/v1` lie. */
export function rest(baseUrl: string, credentials: RestCredentials, options: RestOptions = {}): Rest {
  const call =
    (method: Method) =>
    async (path: keyof paths, request: AnyRequest = {}): Promise<RestAnswer<unknown>> => {
      const url = `${withoutEnd(baseUrl)}${filled(path, request.path)}${searchOf(request.query)}`;
      const body = method === 'post' || method === 'put' ? JSON.stringify(request.body ?? {}) : undefined;
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const headers = { ...type, accept: 'application/json', ...headersOf(credentials) };
      return exchange(url, { method: method.toUpperCase(), headers, body }, request.signal, options);
    };
  return { get: call('get'), post: call('post'), put: call('put'), delete: call('delete') } as Rest;
}

async function exchange(
  url: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
  { timeoutMs = TIMEOUT_MS, fetch: ask = fetch }: RestOptions,
): Promise<RestAnswer<unknown>> {
  const giveUp = new AbortController();
  const abort = (): void => giveUp.abort(signal?.reason);
  const tooLate = new RollcallError('TIMEOUT', `There was no answer within ${timeoutMs} ms.`);
  const timer = setTimeout(() => giveUp.abort(tooLate), timeoutMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted === true) abort();
  try {
    // Who is told to go elsewhere would take the token along.
    const response = await ask(url, { ...init, redirect: 'manual', signal: giveUp.signal });
    const text = await response.text();
    if (isRedirect(response)) {
      throw new RollcallError(
        'UNREACHABLE',
        'The answer is a redirect, which is not followed: name the address where it leads.',
      );
    }
    return readAnswer(response, text);
  } catch (error) {
    if (giveUp.signal.aborted) throw giveUp.signal.reason;
    throw asRollcallError(error, 'UNREACHABLE');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Browsers tell no more than that it is one. */
const isRedirect = ({ type, status }: Response): boolean =>
  type === 'opaqueredirect' || (status >= 300 && status < 400);

const headersOf = (credentials: RestCredentials): Record<string, string> =>
  'apiKey' in credentials
    ? { authorization: `Bearer ${credentials.apiKey}` }
    : { 'x-auth-token': credentials.token, 'x-user-id': credentials.userId };

function withoutEnd(baseUrl: string): string {
  return baseUrl.endsWith('/') ? withoutEnd(baseUrl.slice(0, -1)) : baseUrl;
}

function filled(path: string, values: AnyRequest['path'] = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(values[name] ?? '');
    // A URL has no way to say these: they would lead to another route.
    if (['', '.', '..'].includes(value)) {
      throw new RollcallError('BAD_REQUEST', `${name} must not be ${JSON.stringify(value)}.`, { field: name });
    }
    return encodeURIComponent(value);
  });
}

/** A list is said as often as it has values. */
function searchOf(query: AnyRequest['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'object' ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
