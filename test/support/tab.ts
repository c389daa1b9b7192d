import type { ClientToServerEvents, HandshakeRefusal, ServerToClientEvents, Session } from '@rollcall/contract';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { stopAfterTest } from './teardown';

export type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface TabOptions {
  readonly token?: string;
  readonly userId?: string;
  /** The host that the tab believes to talk to. */
  readonly host?: string;
  readonly transports?: ('websocket' | 'polling')[];
  readonly origin?: string;
  readonly client?: Partial<ManagerOptions & SocketOptions>;
}

/** A browser tab: a real socket.io-client that has got its `session`. */
export class Tab {
  private constructor(
    readonly socket: ClientSocket,
    readonly session: Session,
  ) {}

  get id(): string {
    return this.session.connectionId;
  }

  /** Opens a tab and waits for its session. Rejects with the refusal's `{code, message}`. */
  static open(url: string, options: TabOptions = {}): Promise<Tab> {
    const socket = clientSocket(url, options);
    return new Promise((resolve, reject) => {
      const refused = (error: Error & { data?: HandshakeRefusal }): void => {
        socket.disconnect();
        reject(error.data === undefined ? error : Object.assign(new Error(error.data.message), error.data));
      };
      // The client does not come back by itself then, and no session would ever come.
      const closed = (reason: string): void => {
        if (reason === 'io server disconnect') refused(new Error('The service closed the socket before its session.'));
      };
      socket.once('connect_error', refused);
      socket.on('disconnect', closed);
      socket.once('session', (session) => {
        // A later failure to come back is the business of the test.
        socket.off('connect_error', refused);
        socket.off('disconnect', closed);
        resolve(new Tab(socket, session));
      });
    });
  }

  /** Sends an event, whether the contract knows it or not, and waits for its acknowledgement. */
  async ask(event: string, ...payload: unknown[]): Promise<Record<string, unknown> & { ok: boolean }> {
    const answer: unknown = await (this.socket as unknown as Socket).timeout(5000).emitWithAck(event, ...payload);
    return answer as Record<string, unknown> & { ok: boolean };
  }

  join(channel: string, anonymous?: boolean): Promise<Record<string, unknown> & { ok: boolean }> {
    return this.ask('channel:join', anonymous === undefined ? { channel } : { channel, anonymous });
  }

  /** Collects what arrives of an event from now on. */
  collect<Event extends keyof ServerToClientEvents>(event: Event): Parameters<ServerToClientEvents[Event]>[0][] {
    const received: Parameters<ServerToClientEvents[Event]>[0][] = [];
    this.socket.onAny((name: string, payload: (typeof received)[number]) => {
      if (name === event) received.push(payload);
    });
    return received;
  }

  close(): void {
    this.socket.disconnect();
  }

  /** Goes without a word: the connection is cut under the client, as when a laptop loses its network. */
  vanish(): void {
    this.socket.io.reconnection(false);
    this.socket.io.engine.close();
  }
}

/** A client that is closed after the test, whatever becomes of it. */
export function clientSocket(url: string, options: TabOptions): ClientSocket {
  const { token, userId, host, origin, transports = ['websocket'], client } = options;
  const socket: ClientSocket = io(url, {
    auth: { token, userId },
    transports,
    forceNew: true,
    reconnection: false,
    extraHeaders: {
      ...(host === undefined ? {} : { Host: host }),
      ...(origin === undefined ? {} : { Origin: origin }),
    },
    ...client,
  });
  stopAfterTest(() => closed(socket));
  return socket;
}

/** Polling takes its leave with a last request, which must not outlive the server. */
function closed(socket: ClientSocket): Promise<void> {
  socket.disconnect();
  const engine = socket.io.engine as ClientSocket['io']['engine'] | undefined;
  if (engine === undefined || engine.readyState === 'closed') return Promise.resolve();
  return new Promise((resolve) => engine.once('close', () => resolve()));
}
