import { request, type RequestOptions } from 'node:http';
import { DocumentedApi, type Reply } from './documented-api';
import { Tab, type TabOptions } from './tab';

export const DEMO = {
  apiKey: 'BFAPI_demo',
  userId: 'aobEdbYhXfu5hkeqG',
  token: '9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq',
};

export interface Answer extends Reply {
  /** The body, parsed. */
  readonly json: unknown;
}

export interface Asking {
  readonly host?: string;
  readonly headers?: Record<string, string>;
  /** An object is sent as JSON; a string as it is. */
  readonly body?: unknown;
}

const documented = new DocumentedApi();

/** A pod as its clients see it, whichever process it runs in. Every answer is held against `openapi.json`. */
export abstract class Faces {
  abstract readonly port: number;

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  open(options: TabOptions = {}): Promise<Tab> {
    return Tab.open(this.url, options);
  }

  /** A tab of the demo app's user. */
  openDemo(options: TabOptions = {}): Promise<Tab> {
    return this.open({ token: DEMO.token, userId: DEMO.userId, ...options });
  }

  async ask(method: string, path: string, { host = 'localhost', headers = {}, body }: Asking = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const length = String(Buffer.byteLength(text ?? ''));
    const type = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': length };
    const options = { host: '127.0.0.1', port: this.port, method, path, agent: false } satisfies RequestOptions;
    const reply = await send({ ...options, headers: { host, ...type, ...headers } }, text);
    documented.check(method, path, reply);
    return { ...reply, json: isJson(reply) ? (JSON.parse(reply.text) as unknown) : undefined };
  }

  /** `POST /message/<verb>` with the demo app's key in the body, as the documents do. */
  message(verb: string, body: Record<string, unknown> = {}, asking: Asking = {}): Promise<Answer> {
    return this.ask('POST', `/message/${verb}`, { body: { apiKey: DEMO.apiKey, ...body }, ...asking });
  }

  /** `GET /api/v1/users.presence` as the demo app's user. */
  presence(query = '', asking: Asking = {}): Promise<Answer> {
    return this.rocket('GET', `users.presence${query}`, asking);
  }

  /** A route under `/api/v1` as the demo app's user. */
  rocket(method: string, path: string, asking: Asking = {}): Promise<Answer> {
    const headers = { 'x-auth-token': DEMO.token, 'x-user-id': DEMO.userId, ...asking.headers };
    return this.ask(method, `/api/v1/${path}`, { ...asking, headers });
  }

  /** A native route with the demo app's key. */
  native(method: string, path: string, asking: Asking = {}): Promise<Answer> {
    const headers = { authorization: `Bearer ${DEMO.apiKey}`, ...asking.headers };
    return this.ask(method, path, { ...asking, headers });
  }
}

const isJson = ({ headers, text }: Reply): boolean => text !== '' && /json/.test(String(headers['content-type']));

/** Sends a request and waits for the whole reply. */
export function send(options: RequestOptions, body: string | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const { statusCode: status = 0, headers } = incoming;
        resolve({ status, headers, text: Buffer.concat(chunks).toString() });
      });
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
