/*
 * The public keys of one issuer, as its URL last told them. Nothing but the configured URL is ever asked, and at most once
 * in a cool-down, however many tokens name keys that do not exist. Keys are asked for anew when they are old; while the URL
 * does not answer, the kept ones are used for up to an hour. They live in this pod's memory, written by whoever's token makes it ask.
 */
import { AppError } from '@rollcall/contract';
import { createRemoteJWKSet, type CryptoKey, customFetch, errors, type RemoteJWKSet } from 'jose';
import type { KeyOf } from './jwt-keys';

export interface RemoteKeysOptions {
  readonly url: string;
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
  /** The URL has begun to fail, or with `undefined` to answer again. */
  readonly report: (fault: string | undefined) => void;
}

/** For this long who has a token with a new key is refused at most, and that often an issuer is asked by one pod. */
export const COOLDOWN_MS = 5000;

/** A `kid` that was not there is asked for by no other token with it for so long. */
export const UNKNOWN_MS = 30_000;

/** A key that the issuer has withdrawn is taken for so long at most, while its URL answers. */
export const REFRESH_MS = 300_000;

/** So long after an attempt that failed nobody waits for the next: after longer nothing is known of the URL any more. */
export const FAULT_KNOWN_MS = 30_000;

/** And for so long while it does not. Longer would make an issuer's outage a way to use a withdrawn key. */
export const KEPT_MS = 3_600_000;

/** The issuer's page with keys: whoever waits for it longer had better try again. */
export const FETCH_TIMEOUT_MS = 2000;
export const PAGE_MAX_BYTES = 65_536;

/** No login signs with more at one time; each token is held against the names of all. */
export const KEYS_MAX = 32;

/** As many unknown names are remembered: beyond that the cool-down alone protects the issuer. */
const UNKNOWN_MAX = 1000;

export class RemoteKeys {
  private readonly set: RemoteJWKSet;
  private fetchedAtMs = -Infinity;
  private askedAtMs = -Infinity;
  /** How often the URL has answered. */
  private answers = 0;
  /** When the last attempt ended that failed; `undefined`: the URL has answered since. */
  private failedAtMs: number | undefined;
  /** Until when a name is known not to be there. */
  private readonly unknown = new Map<string, number>();

  constructor(private readonly options: RemoteKeysOptions) {
    this.set = createRemoteJWKSet(new URL(options.url), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      // When to ask is decided here: the library asks again at once after a failure, and drops keys that are old.
      cooldownDuration: Infinity,
      cacheMaxAge: Infinity,
      [customFetch]: fetchPage,
    });
  }

  /** @throws AppError UNAVAILABLE if there are no keys, JWKSNoMatchingKey if none of them fits. */
  readonly keyOf: KeyOf = async (header, token): Promise<CryptoKey> => {
    await this.freshen();
    const { answers } = this;
    try {
      return await this.set(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.askAgain(header.kid);
      // Whoever it was that asked: there may be other keys now.
      if (this.answers === answers) throw error;
      return this.set(header, token);
    }
  };

  private async freshen(): Promise<void> {
    const ageMs = this.options.now() - this.fetchedAtMs;
    if (ageMs <= REFRESH_MS) return;
    const isKnownToFail = this.options.now() - (this.failedAtMs ?? -Infinity) < FAULT_KNOWN_MS;
    const asked = this.ask();
    // Nobody waits for a URL that is known to fail, as long as there are keys.
    if (!isKnownToFail || ageMs > KEPT_MS) await asked;
    if (this.options.now() - this.fetchedAtMs > KEPT_MS) {
      throw new AppError('UNAVAILABLE', 'The keys that this token is to be checked with cannot be fetched now.');
    }
  }

  /** For the sake of a key that is missing. */
  private async askAgain(kid = ''): Promise<void> {
    const nowMs = this.options.now();
    if ((this.unknown.get(kid) ?? -Infinity) > nowMs) return;
    const { answers } = this;
    await this.ask();
    if (this.answers === answers || this.set.jwks()?.keys.some((key) => key.kid === kid) === true) return;
    if (this.unknown.size >= UNKNOWN_MAX) this.unknown.clear();
    this.unknown.set(kid, nowMs + UNKNOWN_MS);
  }

  /** Fetches, or joins who is fetching, unless that was done a moment ago. Never rejects. */
  private async ask(): Promise<void> {
    const nowMs = this.options.now();
    if (!this.set.reloading) {
      if (nowMs - this.askedAtMs < COOLDOWN_MS) return;
      this.askedAtMs = nowMs;
    }
    try {
      await this.set.reload();
      this.answers += 1;
      this.fetchedAtMs = Math.max(this.fetchedAtMs, nowMs);
      this.tell(undefined);
    } catch (error) {
      this.tell(reasonOf(error));
    }
  }

  private tell(fault: string | undefined): void {
    if ((fault === undefined) !== (this.failedAtMs === undefined)) this.options.report(fault);
    this.failedAtMs = fault === undefined ? undefined : this.options.now();
  }
}

/** What the library's fetch would do, and within bounds. It follows no redirect, and its signal ends the reading, too. */
async function fetchPage(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const text = await readPage(response);
  const page = JSON.parse(text) as { keys?: unknown } | null;
  if (Array.isArray(page?.keys) && page.keys.length > KEYS_MAX) throw new Error(`it has more than ${KEYS_MAX} keys`);
  return new Response(text);
}

async function readPage({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > PAGE_MAX_BYTES) throw new Error(`it answered more than ${PAGE_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError || error instanceof errors.JWKSInvalid) return 'what it answered is no set of keys';
  if (error instanceof errors.JWKSTimeout || (error instanceof Error && error.name === 'TimeoutError')) {
    return `it did not answer within ${FETCH_TIMEOUT_MS} ms`;
  }
  // What `fetch` throws says no more than that it failed; its cause says why.
  const { cause = error } = Object(error) as { cause?: unknown };
  const { message = cause } = Object(cause) as { message?: unknown };
  return String(message);
}
