/*
 * One way to Redis, whatever stands behind it: a single server, a cluster, or what a sentinel says is the master. Every
 * call ends within its time; after one that did not, the server that left it unanswered counts as away, and calls to it
 * fail at once until it has answered a probe in time. A write whose answer was lost may have happened.
 */
import { StoreUnavailable } from '@rollcall/roster';
import { createHash } from 'node:crypto';
import type { RedisPort } from './port';
import { Refusals } from './refusals';
import { READING, SCRIPTS, type ScriptName } from './scripts';

/** Answers that mean "not now": a failover, a slot on its way, a server that is starting. Never "the pod is gone". */
const NOT_NOW = /^(TRYAGAIN|CLUSTERDOWN|LOADING|READONLY|MASTERDOWN|MOVED|ASK|BUSY|MISCONF|NOREPLICAS|OOM|UNBLOCKED)/;

/** An absent Redis is asked so long after its last answer whether it is back. */
const PROBE_EVERY_MS = 100;

/**
 * A server that owes an answer is sent nothing else for so many time-outs. Every write puts off the moment at which the
 * client gives up a silent connection; a connection that has died without a word would be kept for ever.
 */
const SILENT_TIMEOUTS = 3;

const SHAS = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, source]) => [name, createHash('sha1').update(source).digest('hex')]),
) as Record<ScriptName, string>;

/** Whoever takes these takes all writes: each needs memory. */
const PROOFS: ReadonlySet<ScriptName> = new Set(['open', 'apply', 'beat']);

/** What is heard of a channel goes to all who listen here, over one subscription. */
interface Channel {
  readonly listeners: Set<(message: string) => void>;
  readonly hear: (message: string) => void;
  /** Subscriptions that the client has not answered yet. */
  pending: number;
  /** The client is asked to end the subscription, and has not answered yet. */
  ending: boolean;
}

export class RedisLink {
  /** Servers that left a command unanswered, and the timer of what is done about it next. */
  private readonly away = new Map<string, NodeJS.Timeout>();
  /** The same for subscriptions, which have connections of their own. */
  private readonly deaf = new Map<string, NodeJS.Timeout>();
  private closed = false;
  /** When the first call since then was sent that Redis did not answer. */
  private failingSince: number | undefined;
  private readonly returns = new Set<() => void>();
  private readonly channels = new Map<string, Channel>();
  private readonly refusals: Refusals;

  constructor(
    readonly port: RedisPort,
    private readonly timeoutMs: number,
    onRefusal: (reason: string) => void = () => undefined,
  ) {
    this.refusals = new Refusals(onRefusal);
    port.onReconnect(() => this.returned());
  }

  /** For how long Redis, whichever server of it, has left unanswered what it was asked; 0: it answered the last time. */
  get silentMs(): number {
    return this.failingSince === undefined ? 0 : performance.now() - this.failingSince;
  }

  /** Whether the server of the key answers and takes no writes: what it shows may be from before. */
  isRefusing(key: string): boolean {
    return this.refusals.of(this.port.nodeOf(key), performance.now()) !== undefined;
  }

  /** For how long a server has answered and taken no writes, and why; `undefined`: none does so. */
  get refusal(): { readonly forMs: number; readonly reason: string } | undefined {
    const nowMs = performance.now();
    const refusal = this.refusals.longest(nowMs);
    return refusal && { forMs: nowMs - refusal.sinceMs, reason: refusal.reason };
  }

  /** Whether any server of it counts as away. */
  get isAway(): boolean {
    return this.away.size + this.deaf.size > 0;
  }

  /** Calls back whenever Redis was away, or a connection was lost, and it is there again. Returns the way to stop. */
  onReturn(listener: () => void): () => void {
    this.returns.add(listener);
    return () => this.returns.delete(listener);
  }

  /** @throws StoreUnavailable */
  async command(key: string, ...args: string[]): Promise<unknown> {
    if (this.isSilent(this.away, key)) throw new StoreUnavailable('Redis is away.');
    try {
      const answer = await this.bounded(this.port.command(key, args), () => this.goAway(key));
      if (args[0] === 'SET') this.refusals.accepted(this.port.nodeOf(key));
      return answer;
    } catch (error) {
      if (error instanceof StoreUnavailable)
        this.refusals.heard(this.port.nodeOf(key), error.message, performance.now());
      throw error;
    }
  }

  /** @throws StoreUnavailable */
  async script(name: ScriptName, keys: readonly string[], argv: readonly string[]): Promise<unknown> {
    const key = keys[0] ?? '';
    const rest = [String(keys.length), ...keys, ...argv];
    const readOnly = READING.has(name) ? '_RO' : '';
    const answer = await this.command(key, `EVALSHA${readOnly}`, SHAS[name], ...rest).catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.command(key, `EVAL${readOnly}`, SCRIPTS[name], ...rest);
    });
    // A pod that is gone has written nothing.
    if (PROOFS.has(name) && !(Array.isArray(answer) && answer[0] === 'GONE'))
      this.refusals.accepted(this.port.nodeOf(key));
    return answer;
  }

  /** Hears a channel from now on. Returns the way to stop. @throws StoreUnavailable */
  async subscribe(channel: string, listener: (message: string) => void): Promise<() => void> {
    if (this.isSilent(this.away, channel) || this.isSilent(this.deaf, channel)) {
      throw new StoreUnavailable('Redis is away.');
    }
    const heard = this.channelOf(channel);
    heard.listeners.add(listener);
    heard.pending += 1;
    const subscribed = this.port.subscribe(channel, heard.hear).finally(() => (heard.pending -= 1));
    const stop = (): void => {
      if (heard.listeners.delete(listener)) this.letGo(channel, heard);
    };
    try {
      await this.bounded(subscribed, () => this.goDeaf(channel, subscribed));
    } catch (error) {
      heard.listeners.delete(listener);
      // It may come to pass later, and perhaps nobody listens then.
      const late = (): void => this.letGo(channel, heard);
      void subscribed.then(late, late);
      throw error;
    }
    return stop;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const timer of [...this.away.values(), ...this.deaf.values()]) clearTimeout(timer);
    await this.port.close();
  }

  private channelOf(name: string): Channel {
    let channel = this.channels.get(name);
    if (channel === undefined) {
      const listeners: Channel['listeners'] = new Set();
      const hear = (message: string): void => listeners.forEach((listener) => listener(message));
      channel = { listeners, hear, pending: 0, ending: false };
      this.channels.set(name, channel);
    }
    return channel;
  }

  /**
   * Ends a subscription that nobody needs. Not while another one is on its way: the server would take the end for the
   * later word, and the client would believe that it listens. A channel is known until its end is certain: the client
   * renews subscriptions when it reconnects, also one whose end was lost with the line.
   */
  private letGo(name: string, channel: Channel): void {
    if (channel.listeners.size > 0 || channel.pending > 0 || channel.ending || this.isSilent(this.deaf, name)) return;
    if (this.channels.get(name) !== channel) return;
    channel.ending = true;
    const ended = this.port.unsubscribe(name, channel.hear).finally(() => (channel.ending = false));
    this.bounded(ended, () => this.goDeaf(name, ended)).catch(() => undefined);
    ended.then(
      () => {
        if (channel.listeners.size === 0 && channel.pending === 0) this.channels.delete(name);
      },
      () => undefined,
    );
  }

  private letGoAll(): void {
    for (const [name, channel] of this.channels) this.letGo(name, channel);
  }

  private isSilent(silent: ReadonlyMap<string, unknown>, key: string): boolean {
    return this.closed || (silent.size > 0 && silent.has(this.port.nodeOf(key)));
  }

  private async bounded(call: Promise<unknown>, onLate: () => void): Promise<unknown> {
    const sentAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const late = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        if (isOver) return;
        onLate();
        reject(new StoreUnavailable(`Redis did not answer within ${this.timeoutMs} ms.`));
      };
      // After a pod that stood still timers come first, and the answer that is there already is read behind them.
      timer = setTimeout(() => setImmediate(giveUp), this.timeoutMs);
    });
    try {
      const answer = await Promise.race([call, late]);
      this.failingSince = undefined;
      return answer;
    } catch (error) {
      const thrown = asUnavailable(error);
      this.failingSince = thrown instanceof StoreUnavailable ? (this.failingSince ?? sentAt) : undefined;
      throw thrown;
    } finally {
      isOver = true;
      clearTimeout(timer);
    }
  }

  private goAway(key: string): void {
    const node = this.port.nodeOf(key);
    if (!this.away.has(node) && !this.closed) this.probeLater(node, key);
  }

  private probeLater(node: string, key: string): void {
    this.away.set(
      node,
      setTimeout(() => void this.probe(node, key), PROBE_EVERY_MS),
    );
  }

  private async probe(node: string, key: string): Promise<void> {
    const sentAt = performance.now();
    const answered = this.port.probe(key).then(
      () => true,
      (error: unknown) => !(asUnavailable(error) instanceof StoreUnavailable),
    );
    const silent = new Promise<boolean>((resolve) => {
      this.away.set(
        node,
        setTimeout(() => resolve(false), SILENT_TIMEOUTS * this.timeoutMs),
      );
    });
    const isBack = await Promise.race([answered, silent]);
    clearTimeout(this.away.get(node));
    if (this.closed) return;
    // Who is called back by an answer that was late waits for the next one in vain.
    if (!isBack || performance.now() - sentAt > this.timeoutMs) return this.probeLater(node, key);
    this.away.delete(node);
    this.failingSince = undefined;
    this.returned();
  }

  /** Until the client has an answer, or has given up the connection. */
  private goDeaf(channel: string, asked: Promise<unknown>): void {
    const node = this.port.nodeOf(channel);
    if (this.deaf.has(node) || this.closed) return;
    const end = (): void => {
      clearTimeout(timer);
      if (this.deaf.get(node) !== timer || this.closed) return;
      this.deaf.delete(node);
      this.letGoAll();
    };
    const timer = setTimeout(end, SILENT_TIMEOUTS * this.timeoutMs);
    this.deaf.set(node, timer);
    asked.then(end, end);
  }

  private returned(): void {
    this.letGoAll();
    for (const listener of this.returns) listener();
  }
}

/** What the client throws is about the way to Redis, but for errors that the server itself has worded. */
function asUnavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !(error instanceof Error)) return error;
  const worded = error.constructor.name === 'SimpleError' || error.constructor.name === 'BlobError';
  return worded && !NOT_NOW.test(error.message) ? error : new StoreUnavailable(error.message || error.constructor.name);
}
