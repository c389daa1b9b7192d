import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { stopAfterTest } from './teardown';

interface Line {
  readonly near: Socket;
  readonly far: Socket;
  /** Resolves when the last reply has passed: nothing overtakes it. */
  passed: Promise<unknown>;
  /** Nothing passes any more, and neither end will ever know. */
  lost: boolean;
}

/** A TCP line that misbehaves when told to: it cuts, stands still, dawdles, loses all, or breaks off in a reply. */
export class TcpProxy {
  private readonly lines = new Set<Line>();
  private delayMs = 0;
  private stalled = false;
  private breaking: { afterBytes: number } | undefined;
  private brokenReplies = 0;

  private constructor(
    private readonly server: Server,
    private target: number,
  ) {
    server.on('connection', (near) => this.open(near));
  }

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TcpProxy(server, target);
    stopAfterTest(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      proxy.cut();
      await closed;
    });
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends every connection now, without a goodbye. */
  cut(): void {
    for (const line of this.lines) this.end(line);
  }

  /** Whoever connects from now on gets to another port; whoever is connected is cut off. */
  lead(target: number): void {
    this.target = target;
    this.cut();
  }

  /** Nothing passes in either direction until `flow`. */
  stall(): void {
    this.stalled = true;
    for (const { near, far } of this.lines) for (const socket of [near, far]) socket.pause();
  }

  flow(): void {
    this.stalled = false;
    for (const { near, far } of this.lines) for (const socket of [near, far]) socket.resume();
  }

  /** The lines of now lose whatever is sent, for ever and without a word; new ones work. */
  lose(): void {
    for (const line of this.lines) line.lost = true;
  }

  /** Every reply comes so much later. */
  delay(ms: number): void {
    this.delayMs = ms;
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

  private open(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    const line: Line = { near, far, passed: Promise.resolve(), lost: false };
    this.lines.add(line);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      const ended = (): void => {
        if (!line.lost || socket === near) this.end(line);
      };
      socket.on('error', ended);
      socket.on('close', ended);
      if (this.stalled) socket.pause();
    }
    near.on('data', (chunk) => {
      if (!line.lost) far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => this.reply(line, chunk));
  }

  private reply(line: Line, chunk: Buffer): void {
    if (line.lost) return;
    const { breaking } = this;
    if (breaking !== undefined && chunk.length > breaking.afterBytes) {
      this.breaking = undefined;
      this.brokenReplies += 1;
      line.near.write(chunk.subarray(0, breaking.afterBytes), () => this.end(line));
      return;
    }
    if (breaking !== undefined) breaking.afterBytes -= chunk.length;
    const late = this.delayMs === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, this.delayMs));
    line.passed = Promise.all([line.passed, late]).then(() => {
      if (!line.lost) line.near.write(chunk);
    });
  }

  private end(line: Line): void {
    this.lines.delete(line);
    line.near.destroy();
    line.far.destroy();
  }
}
