import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SigningKey } from './signing-keys';
import { stopAfterTest } from './teardown';

/** An issuer's page with keys: a real HTTP server that counts who comes, and can misbehave. Stopped after the test. */
export class JwksServer {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** What it answers with; by default the keys. */
  answer: (response: ServerResponse, path: string) => void;

  private constructor(
    private readonly server: Server,
    public keys: readonly object[],
  ) {
    this.answer = (response) => this.answerWith(response, { keys: this.keys });
  }

  static async start(...keys: readonly SigningKey[]): Promise<JwksServer> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      jwks.asked.push(path);
      jwks.answer(response, path);
    });
    const jwks = new JwksServer(server, []);
    jwks.publish(...keys);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stopAfterTest(() => jwks.stop());
    return jwks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks.json`;
  }

  publish(...keys: readonly SigningKey[]): void {
    this.keys = keys.map(({ jwk }) => jwk);
  }

  answerWith(response: ServerResponse, body: unknown, status = 200): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
