import { io, type Socket } from 'socket.io-client';
import type { PodProcess } from '../processes/pod-process';
import type { Visitor } from './demo-apps';

const AGAIN_MS = 500;

/** A visitor's tab: it stays in its data centre, and moves on to another pod when its own goes away. */
export class Tab {
  private socket: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** `at`: which of the pods it takes first. */
  constructor(
    private readonly visitor: Visitor,
    private readonly host: string,
    private readonly pods: readonly PodProcess[],
    private at: number,
  ) {}

  open(): void {
    const living = this.pods.filter(({ up }) => up);
    const pod = living[this.at % living.length];
    if (pod === undefined) return this.openLater();
    const socket = io(`http://127.0.0.1:${pod.port}`, {
      auth: this.visitor,
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { Host: this.host },
    });
    socket.on('session', () => {
      socket.emit('channel:join', { channel: 'lobby', anonymous: this.visitor.userId === undefined });
    });
    socket.on('disconnect', () => this.moveOn());
    socket.on('connect_error', () => this.moveOn());
    this.socket = socket;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.disconnect();
  }

  private moveOn(): void {
    this.socket?.disconnect();
    this.at += 1;
    this.openLater();
  }

  private openLater(): void {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => this.open(), AGAIN_MS);
  }
}
