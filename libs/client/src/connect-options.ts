import type { ManagerOptions, SocketOptions } from 'socket.io-client';

/** What this package decides by itself. */
type Ours = 'auth' | 'autoConnect' | 'forceNew' | 'multiplex' | 'retries' | 'ackTimeout';

/** Besides ours, all options of socket.io-client. `reconnection…` ones mean what they mean there. */
export interface ConnectOptions extends Partial<Omit<ManagerOptions & SocketOptions, Ours>> {
  /**
   * An opaque token (then with `userId`) or a JWT; none: an anonymous visitor. A function is asked before each attempt to
   * connect, and for a newer one before the token expires: a connection lasts as long as its token.
   */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  readonly userId?: string;
  /** How long a call waits for its answer, and for a connection if there is none, in milliseconds. */
  readonly answerTimeoutMs?: number;
}

/** Longer than the pings need to find out that a connection is dead. */
export const ANSWER_TIMEOUT_MS = 20_000;

/** Websocket alone: polling needs a load balancer that keeps a client on its pod. */
export const TRANSPORTS: ManagerOptions['transports'] = ['websocket'];
