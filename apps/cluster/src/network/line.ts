import type { Socket } from 'node:net';
import { Way, type Weather } from './way';

/** What a line carries: bytes, and at last the word that its sender has gone. */
type Content = Buffer | 'gone';

export interface LineOptions {
  /** `bytes` counts what has passed. */
  readonly requests: Weather & { bytes: number };
  readonly replies: Weather & { bytes: number };
  /** Something has come from the far end; it goes on by `reply`. */
  readonly onReply: (chunk: Buffer) => void;
  /** Both ends are closed. */
  readonly onEnd: () => void;
}

/** One connection through a proxy: from whoever has connected, the near end, to the target, the far end. */
export class Line {
  private readonly requests: Way<Content>;
  private readonly replies: Way<Content>;
  /** Nothing passes any more, and neither end will ever know. */
  private lost = false;
  private open = 2;

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    private readonly options: LineOptions,
  ) {
    this.requests = this.way(far, options.requests);
    this.replies = this.way(near, options.replies);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // It closes next.
      socket.on('error', () => undefined);
    }
    near.on('data', (chunk) => this.requests.send(chunk));
    far.on('data', (chunk) => {
      if (!this.lost) options.onReply(chunk);
    });
    near.on('close', () => {
      this.closed();
      if (this.lost) this.end();
      else this.requests.send('gone');
    });
    far.on('close', () => {
      this.closed();
      this.replies.send('gone');
    });
  }

  pause(): void {
    for (const socket of [this.near, this.far]) socket.pause();
  }

  resume(): void {
    for (const socket of [this.near, this.far]) socket.resume();
    this.requests.look();
    this.replies.look();
  }

  lose(): void {
    this.lost = true;
  }

  reply(chunk: Buffer): void {
    this.replies.send(chunk);
  }

  /** The near end gets this as the last thing. */
  breakOff(chunk: Buffer): void {
    this.replies.send(chunk);
    this.far.destroy();
  }

  /**
   * Both ends are closed now, and what was under way is lost. This is no `resetAndDestroy`: that waits until an end
   * that does not read has read everything, and leaks its handle when the other side closes at the same time.
   */
  end(): void {
    this.halt();
    this.near.destroy();
    this.far.destroy();
  }

  private way(to: Socket, direction: Weather & { bytes: number }): Way<Content> {
    return new Way<Content>(direction, (content) => {
      if (this.lost) return;
      if (content === 'gone') return this.part(to);
      direction.bytes += content.length;
      to.write(content);
    });
  }

  /** One end has gone; the other one still gets what was written to it. */
  private part(other: Socket): void {
    this.halt();
    other.destroySoon();
    for (const socket of [this.near, this.far]) if (socket !== other) socket.destroy();
  }

  private halt(): void {
    this.requests.end();
    this.replies.end();
  }

  private closed(): void {
    this.open -= 1;
    if (this.open === 0) this.options.onEnd();
  }
}
