/* One connection, as little of it as the protocol allows: a web socket and the acknowledgements it waits for. */
import WebSocket from 'ws';
import { connectPacket, eventPacket, PONG, readPacket } from './packets';

export interface Greeting {
  readonly port: number;
  readonly auth: object;
  /** The event with which the server says that it has taken the connection in; absent: Socket.IO's own word. */
  readonly readyEvent?: string;
}

/** What a browser sends with its handshake, but for cookies: servers keep it, and some pass it around. */
const BROWSER = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-GB,en-US;q=0.9,en;q=0.8',
  'cache-control': 'no-cache',
  pragma: 'no-cache',
};

type Waiting = (args: string) => void;

/** Longer than any answer takes that is worth measuring. */
const READY_WITHIN_MS = 20_000;

export class Member {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private leaving = false;
  /** It was closed by the other side. */
  lost = false;
  /** What has come, in bytes of payload. */
  receivedBytes = 0;

  private constructor(
    private readonly socket: WebSocket,
    private readonly onLost: (why: string) => void,
  ) {}

  static open({ port, auth, readyEvent }: Greeting, onLost: (why: string) => void = () => undefined): Promise<Member> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
      headers: { ...BROWSER, origin: `http://127.0.0.1:${port}` },
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    const member = new Member(socket, onLost);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(new Error('A connection was not taken in in time.')), READY_WITHIN_MS);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        member.leaving = true;
        socket.terminate();
        reject(error);
      };
      const ready = (): void => {
        clearTimeout(timer);
        resolve(member);
      };
      socket.on('error', fail);
      socket.on('close', (code) => {
        member.close(code);
        fail(new Error(`A connection was closed (${code}).`));
      });
      socket.on('message', (data: Buffer) => {
        member.receivedBytes += data.length;
        const packet = readPacket(data.toString());
        if (packet.type === 'ping') socket.send(PONG);
        else if (packet.type === 'open') socket.send(connectPacket(auth));
        else if (packet.type === 'acknowledgement') member.settle(packet.id, packet.args);
        else if (packet.type === 'refused') fail(new Error(`A connection was refused: ${packet.reason}`));
        else if (packet.type === 'connected' && readyEvent === undefined) ready();
        else if (packet.type === 'event' && packet.name === readyEvent) ready();
      });
    });
  }

  /** Resolves with the arguments of the acknowledgement, as text. */
  ask(event: string, argument: unknown): Promise<string> {
    const id = (this.lastId += 1);
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.socket.send(eventPacket(id, event, argument));
    });
  }

  /** Resolves when the other side has answered the goodbye. */
  leave(): Promise<void> {
    this.leaving = true;
    const gone = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    this.socket.close();
    return gone;
  }

  private settle(id: number, args: string): void {
    const resolve = this.waiting.get(id);
    this.waiting.delete(id);
    resolve?.(args);
  }

  private close(code: number): void {
    if (this.leaving) return;
    this.lost = true;
    this.onLost(String(code));
  }
}
