/*
 * The service as the contract says it is, played on a real Socket.IO server, with hands on it: a test says when watchers
 * are told, which answers wait, what is refused, and when the line breaks. It is as contrary as the contract lets it be:
 * events come before the answers that they follow on, and cursors are forgotten.
 */
import type {
  AuthRefreshAnswer,
  ClientToServerEvents,
  Refusal,
  ServerToClientEvents,
  Session,
} from '@rollcall/contract';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { FakeBeginnings } from './fake-beginnings';
import { FakeChannel, kindOf } from './fake-channel';
import { FakePresence } from './fake-presence';
import { stopAfterTest } from './teardown';

type FakeSocket = Socket<ClientToServerEvents, ServerToClientEvents, object, { userId?: string }>;
type Fault = Refusal['error'];
type Payload = Record<string, unknown> & { channel?: string; anonymous?: boolean; ids?: string[]; cursor?: string };

/** A watch of a channel is refused as `NOT_A_MEMBER`, one of presence as `BAD_REQUEST`. */
const endedFault = (event: string): Fault => ({
  code: event === 'channel:watch' ? 'NOT_A_MEMBER' : 'BAD_REQUEST',
  message: 'The watch was ended before it began.',
});

export interface Heard {
  readonly connectionId: string;
  readonly event: string;
  readonly payload: Payload;
}

export class FakeService {
  readonly heard: Heard[] = [];
  readonly presence = new FakePresence();
  /** The handshakes' `auth`, as they came. */
  readonly handshakes: Record<string, unknown>[] = [];
  /** What a handshake is refused with, if it is. */
  admit: (auth: Record<string, unknown>) => Fault | undefined = () => undefined;
  /** What an event is refused with; `'silence'` never answers it. */
  judge: (event: string, payload: Payload) => Fault | 'silence' | undefined = () => undefined;
  /** What a newer token is answered. */
  renewal: AuthRefreshAnswer = {};
  /** Whether watchers are told everything anew at the next tick, as those that were too slow. */
  slow = false;
  private readonly channels = new Map<string, FakeChannel>();
  private readonly beginnings = new FakeBeginnings();
  private held: (() => void)[] | undefined;
  /** Connections that were told goodbye. */
  private readonly leaving = new Set<string>();

  private constructor(
    private readonly io: Server<ClientToServerEvents, ServerToClientEvents, object, { userId?: string }>,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeService> {
    const http = createServer();
    const io = new Server<ClientToServerEvents, ServerToClientEvents, object, { userId?: string }>(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const service = new FakeService(io, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    io.use((socket, next) => {
      const auth: Record<string, unknown> = { ...socket.handshake.auth };
      service.handshakes.push(auth);
      const fault = service.admit(auth);
      // As of an opaque token, or of one that names its user itself.
      const { userId = auth.token } = auth;
      if (typeof userId === 'string') socket.data.userId = userId;
      next(fault === undefined ? undefined : Object.assign(new Error(fault.message), { data: fault }));
    });
    io.on('connection', (socket) => service.welcome(socket));
    stopAfterTest(() => service.stop());
    return service;
  }

  /** A channel, to be changed by others than the client. */
  channel(name: string, anonymous = false): FakeChannel {
    const key = `${anonymous}|${name}`;
    const channel = this.channels.get(key) ?? new FakeChannel(name, anonymous ? 'anonymous' : 'authenticated');
    this.channels.set(key, channel);
    return channel;
  }

  /** Tells watchers what has changed since they were told last. */
  tick(): void {
    for (const socket of this.sockets()) {
      for (const channel of this.channels.values()) {
        const news = channel.news(socket.id, this.slow);
        if (news !== undefined) socket.emit('channel:changed', news);
      }
      this.tellPresence(socket, this.slow);
    }
    this.slow = false;
  }

  /** No cursor from before means anything any more. */
  forget(): void {
    for (const channel of this.channels.values()) channel.forget();
    this.presence.forget();
  }

  /** Watches that are asked for begin when they are let go; what else is asked is done meanwhile. */
  holdBeginnings(): void {
    this.beginnings.hold();
  }

  /** Answers wait until they are let go; what they say is settled already, and events overtake them. */
  holdAnswers(): void {
    this.held ??= [];
  }

  letGo(): void {
    this.beginnings.letGo();
    const held = this.held ?? [];
    this.held = undefined;
    for (const answer of held) answer();
  }

  /** Lets the answer go that waits longest; the others wait on. */
  letOneGo(): void {
    this.held?.shift()?.();
  }

  get waitingAnswers(): number {
    return this.held?.length ?? 0;
  }

  sockets(): FakeSocket[] {
    return [...this.io.sockets.sockets.values()];
  }

  say<Event extends keyof ServerToClientEvents>(
    event: Event,
    ...payload: Parameters<ServerToClientEvents[Event]>
  ): void {
    this.io.emit(event, ...payload);
  }

  /** All lines break. */
  cut(): void {
    this.held &&= [];
    for (const socket of this.sockets()) socket.conn.close();
  }

  /** The pod says goodbye: it does nothing any more, and its lines stay open. */
  drain(reconnectInMs: number): void {
    for (const socket of this.sockets()) {
      this.leaving.add(socket.id);
      socket.emit('draining', { reconnectInMs });
    }
  }

  stop(): Promise<void> {
    return this.io.close();
  }

  kick(): void {
    for (const socket of this.sockets()) socket.disconnect(true);
  }

  /** What was sent of an event, in its order. */
  payloadsOf(event: string): Payload[] {
    return this.heard.filter((one) => one.event === event).map(({ payload }) => payload);
  }

  private tellPresence(socket: FakeSocket, anew = false): void {
    const rows = this.presence.news(socket.id, anew);
    if (rows !== undefined) socket.emit('presence:changed', rows);
  }

  private welcome(socket: FakeSocket): void {
    const { id } = socket;
    const { userId } = socket.data;
    const user = userId === undefined ? {} : { user: { id: userId, username: userId, name: userId } };
    const session: Session = { connectionId: id, ...user, host: 'localhost', dc: 'local', pod: 'fake', channels: [] };
    socket.emit('session', session);
    socket.onAny((event: string, payload: Payload, acknowledge: (answer: object) => void) => {
      this.heard.push({ connectionId: id, event, payload });
      const ending = this.thingOf(socket, event, payload);
      if (event.endsWith('watch') && !event.endsWith('unwatch')) {
        this.beginnings.when(ending, (isEnded) => this.settle(socket, event, payload, acknowledge, isEnded));
      } else {
        if (event.endsWith('unwatch')) this.beginnings.end(ending);
        this.settle(socket, event, payload, acknowledge);
      }
    });
    socket.once('disconnect', () => {
      for (const channel of this.channels.values()) channel.disconnect(id);
      this.presence.disconnect(id);
    });
  }

  private settle(
    socket: FakeSocket,
    event: string,
    payload: Payload,
    acknowledge: (answer: object) => void,
    isEnded = false,
  ): void {
    if (socket.disconnected) return;
    const fault = isEnded ? endedFault(event) : this.faultOf(socket, event, payload);
    if (fault === 'silence') return;
    const answer =
      fault === undefined ? { ok: true, ...this.act(socket, event, payload) } : { ok: false, error: fault };
    if (this.held === undefined) acknowledge(answer);
    else this.held.push(() => acknowledge(answer));
  }

  private faultOf(socket: FakeSocket, event: string, payload: Payload): Fault | 'silence' | undefined {
    if (this.leaving.has(socket.id)) return { code: 'UNAVAILABLE', message: 'Going away.' };
    const fault = this.judge(event, payload);
    if (fault !== undefined) return fault;
    if (event === 'channel:watch' && !this.channelOf(socket, payload).hasMember(socket.id)) {
      return { code: 'NOT_A_MEMBER', message: 'Join first.' };
    }
    if (event === 'presence:watch' && socket.data.userId === undefined) {
      return { code: 'USER_REQUIRED', message: 'Log in first.' };
    }
    if (event === 'presence:unwatch' && payload.ids !== undefined && this.presence.isOfEverybody(socket.id)) {
      return { code: 'BAD_REQUEST', message: 'ids cannot be taken out of everybody.' };
    }
    return undefined;
  }

  private channelOf({ data: { userId } }: FakeSocket, { channel, anonymous }: Payload): FakeChannel {
    return this.channel(String(channel), kindOf(userId, anonymous) === 'anonymous');
  }

  /** What a connection watches, or ends. */
  private thingOf(socket: FakeSocket, event: string, payload: Payload): string {
    if (event.startsWith('presence')) return `${socket.id}|presence`;
    const { kind, name } = this.channelOf(socket, payload);
    return `${socket.id}|${kind}|${name}`;
  }

  private act(socket: FakeSocket, event: string, payload: Payload): object {
    const { id, data } = socket;
    const channel = this.channelOf(socket, payload);
    switch (event) {
      case 'channel:join':
        return channel.join(id, data.userId);
      case 'channel:leave':
        return channel.disconnect(id);
      case 'channel:watch':
        return channel.watch(id, payload.cursor);
      case 'channel:unwatch':
        return channel.unwatch(id);
      case 'presence:watch':
        // The answer's cursor is good for all whom the connection watches.
        this.tellPresence(socket);
        return this.presence.watch(id, payload.ids, payload.cursor);
      case 'presence:unwatch':
        return this.presence.unwatch(id, payload.ids);
      case 'auth:refresh':
        return this.renewal;
      case 'message:send':
        return { delivered: 1 };
      default:
        return { status: 'online' };
    }
  }
}
