/*
 * One way to Redis, whatever stands behind it: a single server, a cluster, or what a sentinel says is the master. Every
 * call ends within its time; after one that did not, Redis counts as away, and calls fail at once until it has answered
 * a ping again. A write whose answer was lost may have happened.
 */
import { StoreUnavailable } from '@rollcall/roster';
import { createHash } from 'node:crypto';
import type { RedisPort } from './port';
import { SCRIPTS, type ScriptName } from './scripts';

/** Answers that mean "not now": a failover, a slot on its way, a server that is starting. Never "the pod is gone". */
const NOT_NOW = /^(TRYAGAIN|CLUSTERDOWN|LOADING|READONLY|MASTERDOWN|MOVED|ASK|BUSY|MISCONF|NOREPLICAS|OOM|UNBLOCKED)/;

/** How often an absent Redis is asked whether it is back. */
const PROBE_EVERY_MS = 100;

const SHAS = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, source]) => [name, createHash('sha1').update(source).digest('hex')]),
) as Record<ScriptName, string>;

/** What is heard of a channel goes to all who listen here, over one subscription. */
interface Channel {
  readonly listeners: Set<(message: string) => void>;
  readonly hear: (message: string) => void;
  /** Subscriptions that the client has not answered yet. */
  pending: number;
}

export class RedisLink {
  private awayFor: NodeJS.Timeout | undefined;
  private closed = false;
  /** When the first call since then was sent that Redis did not answer. */
  private failingSince: number | undefined;
  private readonly returns = new Set<() => void>();
  private readonly channels = new Map<string, Channel>();

  constructor(
    readonly port: RedisPort,
    private readonly timeoutMs: number,
  ) {
    port.onReconnect(() => this.returned());
  }

  /** For how long Redis has left unanswered what it was asked; 0: it answered the last time. */
  get silentMs(): number {
    return this.failingSince === undefined ? 0 : performance.now() - this.failingSince;
  }

  get isAway(): boolean {
    return this.awayFor !== undefined;
  }

  /** Calls back whenever Redis was away, or a connection was lost, and it is there again. Returns the way to stop. */
  onReturn(listener: () => void): () => void {
    this.returns.add(listener);
    return () => this.returns.delete(listener);
  }

  /** @throws StoreUnavailable */
  async command(key: string, ...args: string[]): Promise<unknown> {
    if (this.awayFor !== undefined || this.closed) throw new StoreUnavailable('Redis is away.');
    return this.bounded(this.port.command(key, args));
  }

  /** @throws StoreUnavailable */
  async script(name: ScriptName, keys: readonly string[], argv: readonly string[]): Promise<unknown> {
    const key = keys[0] ?? '';
    const rest = [String(keys.length), ...keys, ...argv];
    try {
      return await this.command(key, 'EVALSHA', SHAS[name], ...rest);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.command(key, 'EVAL', SCRIPTS[name], ...rest);
    }
  }

  /** Hears a channel from now on. Returns the way to stop. @throws StoreUnavailable */
  async subscribe(channel: string, listener: (message: string) => void): Promise<() => void> {
    if (this.awayFor !== undefined || this.closed) throw new StoreUnavailable('Redis is away.');
    const heard = this.channelOf(channel);
    heard.listeners.add(listener);
    heard.pending += 1;
    const subscribed = this.port.subscribe(channel, heard.hear).finally(() => (heard.pending -= 1));
    const stop = (): void => {
      if (heard.listeners.delete(listener)) this.letGo(channel, heard);
    };
    try {
      await this.bounded(subscribed);
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
    clearTimeout(this.awayFor);
    await this.port.close();
  }

  private channelOf(name: string): Channel {
    let channel = this.channels.get(name);
    if (channel === undefined) {
      const listeners: Channel['listeners'] = new Set();
      const hear = (message: string): void => listeners.forEach((listener) => listener(message));
      channel = { listeners, hear, pending: 0 };
      this.channels.set(name, channel);
    }
    return channel;
  }

  /**
   * Ends a subscription that nobody needs. Not while another one is on its way: the server would take the end for the
   * later word, and the client would believe that it listens.
   */
  private letGo(name: string, channel: Channel): void {
    if (channel.listeners.size > 0 || channel.pending > 0 || this.channels.get(name) !== channel) return;
    this.channels.delete(name);
    this.port.unsubscribe(name, channel.hear).catch(() => undefined);
  }

  private async bounded(call: Promise<unknown>): Promise<unknown> {
    const sentAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.goAway();
        reject(new StoreUnavailable(`Redis did not answer within ${this.timeoutMs} ms.`));
      }, this.timeoutMs);
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
      clearTimeout(timer);
    }
  }

  private goAway(): void {
    if (this.awayFor !== undefined || this.closed) return;
    this.awayFor = setTimeout(() => void this.probe(), PROBE_EVERY_MS);
  }

  private async probe(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.timeoutMs);
    });
    const answer = await Promise.race([this.port.command('', ['PING']).catch(() => 'failed'), late]);
    clearTimeout(timer);
    if (this.closed) return;
    this.awayFor = answer === 'PONG' ? undefined : setTimeout(() => void this.probe(), PROBE_EVERY_MS);
    if (this.awayFor === undefined) this.returned();
  }

  private returned(): void {
    for (const listener of this.returns) listener();
  }
}

/** What the client throws is about the way to Redis, but for errors that the server itself has worded. */
function asUnavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !(error instanceof Error)) return error;
  const worded = error.constructor.name === 'SimpleError' || error.constructor.name === 'BlobError';
  return worded && !NOT_NOW.test(error.message) ? error : new StoreUnavailable(error.message || error.constructor.name);
}
