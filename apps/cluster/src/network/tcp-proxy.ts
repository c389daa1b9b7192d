import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Line } from './line';
import type { Weather } from './way';

/**
 * A TCP line that misbehaves when told to: it is cut or shut, stands still, dawdles, loses all, or breaks off in a
 * reply. Requests are what whoever connects sends; replies come from the target.
 */
export class TcpProxy {
  private readonly lines = new Set<Line>();
  private readonly requests: Weather & { bytes: number } = { delayMs: 0, stalled: false, bytes: 0 };
  private readonly replies: Weather & { bytes: number } = { delayMs: 0, stalled: false, bytes: 0 };
  private refusing = false;
  private breaking: { afterBytes: number } | undefined;
  private brokenReplies = 0;

  protected constructor(
    private readonly server: Server,
    private target: number,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TcpProxy(server, target);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How much has passed, in bytes. */
  get passed(): { requests: number; replies: number } {
    return { requests: this.requests.bytes, replies: this.replies.bytes };
  }

  /** How many connections there are through it. */
  get connections(): number {
    return this.lines.size;
  }

  /** Ends every connection now, without a goodbye. New ones work. */
  cut(): void {
    for (const line of this.lines) line.end();
  }

  /** Ends every connection, and each new one at once, until `reopen`. */
  shut(): void {
    this.refusing = true;
    this.cut();
  }

  reopen(): void {
    this.refusing = false;
  }

  /** Whoever connects from now on gets to another port; whoever is connected is cut off. */
  lead(target: number): void {
    this.target = target;
    this.cut();
  }

  /** Nothing passes in either direction until `flow`. Connections stay open, and new ones are accepted. */
  stall(): void {
    this.requests.stalled = this.replies.stalled = true;
    for (const line of this.lines) line.pause();
  }

  flow(): void {
    this.requests.stalled = this.replies.stalled = false;
    for (const line of this.lines) line.resume();
  }

  /** The lines of now lose whatever is sent, for ever and without a word; new ones work. */
  lose(): void {
    for (const line of this.lines) line.lose();
  }

  /** Every reply comes so much later, and every request if told so. Who connects still does so at once. */
  delay(repliesMs: number, requestsMs = 0): void {
    this.replies.delayMs = repliesMs;
    this.requests.delayMs = requestsMs;
  }

  /** The next replies pass up to so many bytes, whoever they are for; there that connection breaks off. */
  breakInReply(afterBytes: number): void {
    this.breaking = { afterBytes };
  }

  /** How many replies have been broken so. */
  get broken(): number {
    return this.brokenReplies;
  }

  mend(): void {
    this.breaking = undefined;
  }

  /** Whatever was done to it, connections get through again, at once. */
  heal(): void {
    this.mend();
    this.delay(0);
    this.reopen();
    this.flow();
  }

  private accept(near: Socket): void {
    if (this.refusing) {
      near.on('error', () => undefined);
      near.destroy();
      return;
    }
    const line: Line = new Line(near, connect(this.target, '127.0.0.1'), {
      requests: this.requests,
      replies: this.replies,
      onReply: (chunk) => this.reply(line, chunk),
      onEnd: () => this.lines.delete(line),
    });
    this.lines.add(line);
    if (this.requests.stalled) line.pause();
  }

  private reply(line: Line, chunk: Buffer): void {
    const { breaking } = this;
    if (breaking !== undefined && chunk.length > breaking.afterBytes) {
      this.breaking = undefined;
      this.brokenReplies += 1;
      line.breakOff(chunk.subarray(0, breaking.afterBytes));
      return;
    }
    if (breaking !== undefined) breaking.afterBytes -= chunk.length;
    line.reply(chunk);
  }
}
