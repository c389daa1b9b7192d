import type { WebSocket } from 'ws';
import type { Tab } from './tab';
import { stopAfterTest } from './teardown';

interface EngineUnderneath {
  readonly transport: { readonly ws: WebSocket & { readonly _socket: { write(bytes: Buffer): void } } };
  write(packet: string): void;
  once(event: 'close', listener: (reason: string) => void): void;
}

/** What lies under a tab (its packets, its frames, its TCP connection), for clients that keep no rules. */
export class Wire {
  private readonly engine: EngineUnderneath;
  /** Resolves with the client's word for it when the connection has gone. */
  readonly closed: Promise<string>;

  constructor({ socket }: Tab) {
    this.engine = socket.io.engine as unknown as EngineUnderneath;
    this.closed = new Promise((resolve) => this.engine.once('close', resolve));
  }

  /** A packet of Socket.IO as it is written, such as `2["event",{}]`. */
  packet(text: string): void {
    this.engine.write(text);
  }

  /** A WebSocket frame of any content. */
  frame(content: string | Buffer): void {
    this.ws.send(content);
  }

  /** Bytes on the TCP connection, past WebSocket. */
  bytes(content: Buffer): void {
    this.ws._socket.write(content);
  }

  /** The connection breaks without a goodbye, as when a process is killed. */
  cut(): void {
    this.ws.terminate();
  }

  /** The client stands still: it reads nothing any more, and so answers no ping. */
  freeze(): void {
    const { ws } = this;
    ws.pause();
    stopAfterTest(() => ws.terminate());
  }

  private get ws(): EngineUnderneath['transport']['ws'] {
    return this.engine.transport.ws;
  }
}
