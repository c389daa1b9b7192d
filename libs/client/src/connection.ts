/*
 * The way to the service: one socket that comes back by itself. What is so for as long as a session lasts is kept with
 * that session: whoever awaits something looks afterwards whether `current` is still the one that it began in.
 */
import type {
  Acknowledgement,
  AuthRefreshAnswer,
  ClientToServerEvents,
  ServerToClientEvents,
  Session,
} from '@rollcall/contract';
import { io, type Socket } from 'socket.io-client';
import { Backoff } from './backoff';
import { ANSWER_TIMEOUT_MS, type ConnectOptions, TRANSPORTS } from './connect-options';
import { Deferred } from './deferred';
import { Emitter } from './emitter';
import type { Answer, EventName, Request } from './events';
import { asRollcallError, RollcallError, type RollcallErrorCode } from './rollcall-error';

export interface ConnectionEvents {
  /** The connection is in the roster; anew after each time that it came back. */
  session: Session;
  /** The token expires then, and the connection with it. A function as `token` is asked for the next one by itself. */
  expiring: { readonly expiresAt: string };
  /** The pod goes away; the connection moves to another one in so many milliseconds. */
  draining: { readonly reconnectInMs: number };
  /** The connection is lost. `final`: it does not come back by itself. */
  disconnect: { readonly reason: string; readonly final: boolean };
  /** Another attempt follows. */
  retry: { readonly attempt: number; readonly inMs: number; readonly error: RollcallError };
  /** Something that no call can tell. A final refusal, above all: then nothing more is tried. */
  error: RollcallError;
}

/** No honest pod tells anybody to wait for longer. */
const TOLD_MAX_MS = 60_000;

/** What this package alone listens to. */
interface InnerEvents extends ConnectionEvents {
  /** The session is over. */
  lost: undefined;
  /** Nothing is tried any more, for this reason. */
  stopped: RollcallError;
  /** The connection lives by a newer token now. */
  renewed: AuthRefreshAnswer;
}

export class Connection extends Emitter<InnerEvents> {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  private present: Session | undefined;
  private upcoming = new Deferred<Session>();
  private end: RollcallError | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  /** Its token runs out, and has not been renewed: then the service closes it, and a newer token may come back. */
  private expiring = false;
  private readonly backoff: Backoff;

  constructor(
    url: string,
    private readonly options: ConnectOptions,
  ) {
    super();
    this.backoff = new Backoff(options);
    // The manager's own way of coming back knows neither refusals nor notices.
    const ours = { reconnection: false, forceNew: true, autoConnect: false, auth: this.authorise };
    this.socket = io(url, { transports: TRANSPORTS, ...options, ...ours });
    this.socket.on('connect_error', (error) => this.refused(error));
    this.socket.on('disconnect', (reason) => this.disconnected(reason));
    this.socket.on('session', (session) => this.begin(session));
    this.socket.on('auth:expiring', (notice) => void this.renew(notice));
    this.socket.on('draining', ({ reconnectInMs }) => this.drain(reconnectInMs));
    this.socket.connect();
  }

  /** The session that lasts now; none while the connection is away, or its pod says goodbye. */
  get current(): Session | undefined {
    return this.present;
  }

  /** The session that lasts, or the next one. Rejects when there will be none. */
  get session(): Promise<Session> {
    return this.upcoming.promise;
  }

  /** Why nothing is tried any more. */
  get ended(): RollcallError | undefined {
    return this.end;
  }

  /** Sends an event and waits for its acknowledgement. @throws RollcallError */
  exchange<Event extends EventName>(event: Event, request: Request<Event>, withinMs: number): Promise<Answer<Event>> {
    const { socket } = this;
    const connectionId = socket.id;
    const emit = socket.timeout(withinMs).emit as (...args: unknown[]) => void;
    return new Promise((resolve, reject) => {
      emit.call(socket, event, request, (error: Error | null, answer: Acknowledgement) => {
        if (error === null) {
          if (answer.ok) resolve(withoutOk(answer) as Answer<Event>);
          else reject(new RollcallError(answer.error.code, answer.error.message));
        } else if (socket.connected && socket.id === connectionId) {
          reject(new RollcallError('TIMEOUT', `${event} was not answered in time.`));
        } else {
          reject(new RollcallError('DISCONNECTED', `The connection broke before ${event} was answered.`));
        }
      });
    });
  }

  /** Tries now: instead of waiting for the next attempt, or although nothing was to be tried any more. */
  reconnect(): void {
    if (this.end?.code === 'CLOSED' || this.present !== undefined) return;
    if (this.end !== undefined) this.upcoming = new Deferred();
    this.end = undefined;
    this.backoff.reset();
    this.open();
  }

  /** Gives this connection up for a new one. */
  restart(error: RollcallError): void {
    this.lose();
    this.socket.disconnect();
    if (this.isLeftAfter({ reason: error.message, final: false })) this.retry(error);
  }

  close(): void {
    this.stop(new RollcallError('CLOSED', 'This client was closed.'));
  }

  private open(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.attempt += 1;
    // A pod that goes away may not have closed the connection yet.
    this.socket.disconnect();
    this.socket.connect();
  }

  private openIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), ms);
  }

  private readonly authorise = (give: (auth: object) => void): void => {
    const { token, userId } = this.options;
    const attempt = (this.attempt += 1);
    asked(token).then(
      // A token that came too late belongs to an attempt that was given up.
      (fresh) => (attempt === this.attempt ? give({ token: fresh, userId }) : undefined),
      (thrown: unknown) => (attempt === this.attempt ? this.retry(asRollcallError(thrown, 'UNREACHABLE')) : undefined),
    );
  };

  private async renew(notice: { readonly expiresAt: string }): Promise<void> {
    const { present } = this;
    const { token, answerTimeoutMs = ANSWER_TIMEOUT_MS } = this.options;
    this.emit('expiring', notice);
    if (typeof token !== 'function' || present === undefined) return;
    this.expiring = true;
    try {
      const fresh = await asked(token);
      if (fresh === undefined || this.present !== present) return;
      const answer = await this.exchange('auth:refresh', { token: fresh }, answerTimeoutMs);
      if (this.present !== present) return;
      this.expiring = false;
      this.emit('renewed', answer);
    } catch (thrown) {
      if (this.present !== present) return;
      // It lives on until the token expires; then it comes back with whatever token there is.
      const error = asRollcallError(thrown, 'UNREACHABLE');
      this.emit('error', error);
      // Unless nobody knows which token counts, and what the connection may still watch.
      if (error.code === 'TIMEOUT' && this.present === present) this.restart(error);
    }
  }

  private begin(session: Session): void {
    // This connection is given up already: its pod goes away, and has said when to come back.
    if (this.timer !== undefined) return;
    this.backoff.reset();
    this.expiring = false;
    this.present = session;
    this.upcoming.resolve(session);
    this.emit('session', session);
  }

  private drain(reconnectInMs: number): void {
    this.lose();
    this.openIn(Number.isFinite(reconnectInMs) ? Math.min(Math.max(reconnectInMs, 0), TOLD_MAX_MS) : 0);
    this.emit('draining', { reconnectInMs });
  }

  private refused(error: Error & { data?: { readonly code?: RollcallErrorCode; readonly retryInMs?: number } }): void {
    const { code = 'UNREACHABLE', retryInMs } = error.data ?? {};
    const refusal = new RollcallError(code, error.message, { cause: error });
    if (refusal.temporary) this.retry(refusal, retryInMs);
    else this.fail(refusal);
  }

  private disconnected(reason: string): void {
    this.lose();
    if (this.end !== undefined || reason === 'io client disconnect') return;
    const final = reason === 'io server disconnect' && !this.expiring;
    if (!this.isLeftAfter({ reason, final })) return;
    if (final)
      this.fail(
        new RollcallError(
          'KICKED',
          'The service closed the connection: a kick, or a token that was revoked or expired.',
        ),
      );
    // A notice has said when to come back.
    else if (this.timer === undefined)
      this.retry(new RollcallError('DISCONNECTED', `The connection broke: ${reason}.`));
  }

  /** Tells of the end of a connection. Whether it is left to this package what to do now: a listener may have tried anew. */
  private isLeftAfter(end: ConnectionEvents['disconnect']): boolean {
    const { attempt } = this;
    this.emit('disconnect', end);
    return this.attempt === attempt;
  }

  /** `toldMs`: the service has said when to come, at random for each client: sooner would be into the same storm. */
  private retry(error: RollcallError, toldMs = 0): void {
    if (this.end !== undefined) return;
    const { reconnection = true, reconnectionAttempts = Infinity } = this.options;
    if (!reconnection || this.backoff.count >= reconnectionAttempts) return this.fail(error);
    const inMs = Math.max(this.backoff.nextMs(), Math.min(toldMs, TOLD_MAX_MS));
    this.openIn(inMs);
    this.emit('retry', { attempt: this.backoff.count, inMs, error });
  }

  private fail(error: RollcallError): void {
    this.stop(error);
    this.emit('error', error);
  }

  private stop(error: RollcallError): void {
    this.end = error;
    this.attempt += 1;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lose();
    this.upcoming.reject(error);
    this.socket.disconnect();
    this.emit('stopped', error);
  }

  private lose(): void {
    if (this.present === undefined) return;
    this.present = undefined;
    this.upcoming = new Deferred();
    this.emit('lost', undefined);
  }
}

/** The token, from wherever it comes; whatever goes wrong there rejects. */
const asked = (token: ConnectOptions['token']): Promise<string | undefined> =>
  new Promise((resolve) => resolve(typeof token === 'function' ? token() : token));

const withoutOk = (answer: object): object =>
  Object.fromEntries(Object.entries(answer).filter(([field]) => field !== 'ok'));
