/*
 * The apps that count now: one frozen table, which a new reading of the apps file swaps for another at once. Nobody else keeps
 * an `App` for longer than a request or a handshake, but for these, who take the new one over when `onReplace` tells them:
 *   - connections (src/sockets/reloads.service.ts): those whose host has gone, or has gone to another app, are closed; the
 *     others go on by the new limits and rules. Who came in stays in, whatever tokens, origins and anonymous visitors the file takes now;
 *   - views (src/store/followed-profiles.ts): users of whom the file says something else are shown so;
 *   - watches of presence, which ask for the app's word anew at each tick and are woken;
 *   - the times at which keys were used: those of keys that are gone are forgotten.
 * A request that has been let in is answered as it began, unless its host has gone to another app while it waited. A
 * handshake that took longer than the file is decided anew (src/sockets/admission.service.ts). The limit of presence calls takes the app's figure with each call; the keys of
 * a login go with the rules object that they were made for. A swap happens in a turn of the event loop of its own, never
 * between a handshake's last check and its connection. Each pod reads its own file: for a moment pods may differ. A crash
 * leaves nothing: the file is read at the start.
 */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import type { IncomingHttpHeaders } from 'node:http';
import type { App } from '../config/app';
import { Config } from '../config/config';
import { ADDRESS_MAX_LENGTH, hostName } from '../config/host-name';
import { type AppTable, ownerOf, tableOf } from './app-table';

/** A host and the app that owns it: the scope of everything that a request or a socket may see. */
export interface Scope {
  readonly app: App;
  readonly host: string;
}

/** Clients can make up addresses; then what is known starts over. */
const SCOPES_MAX = 1000;

/** Which app answers for which host. An exact host beats `*`. */
@Injectable()
export class Apps {
  private table: AppTable;
  /** What addresses have turned out to mean, by the table that counts. */
  private readonly scopes = new Map<string, Scope>();
  private readonly listeners: ((before: AppTable, after: AppTable) => void)[] = [];

  constructor(private readonly config: Config) {
    this.table = tableOf(config.apps);
  }

  get all(): readonly App[] {
    return this.table.apps;
  }

  /** From now on these count. To be called from a turn of the event loop of its own. */
  replace(apps: readonly App[]): void {
    const before = this.table;
    this.table = tableOf(apps);
    this.scopes.clear();
    for (const listener of this.listeners) listener(before, this.table);
  }

  /** Calls back when the apps have been replaced, after which every question is answered by the new ones. */
  onReplace(listener: (before: AppTable, after: AppTable) => void): void {
    this.listeners.push(listener);
  }

  /** The scope that the headers name, or `undefined` for a host that no app owns. */
  scopeOf(headers: IncomingHttpHeaders): Scope | undefined {
    const address = this.addressOf(headers);
    if (address === undefined || address.length > ADDRESS_MAX_LENGTH) return undefined;
    const known = this.scopes.get(address);
    if (known !== undefined) return known;
    const scope = this.readScope(address);
    if (scope === undefined) return undefined;
    if (this.scopes.size >= SCOPES_MAX) this.scopes.clear();
    // A copy: the address may be a piece of a long header, and would keep all of it.
    this.scopes.set(Buffer.from(address).toString(), scope);
    return scope;
  }

  byId(id: string): App | undefined {
    return this.table.apps.find((app) => app.id === id);
  }

  appOf(host: string): App | undefined {
    return ownerOf(this.table, host);
  }

  /**
   * For whoever was let in and has waited since: what is on the host now may be none of theirs.
   *
   * @throws AppError NOT_AUTHENTICATED if the host has gone to another app.
   */
  checkOwner({ app, host }: Scope): void {
    if (this.appOf(host)?.id === app.id) return;
    throw new AppError('NOT_AUTHENTICATED', 'The host belongs to another app now.');
  }

  /** Whether the host was not named by any app, so that clients make up such hosts at will. */
  isUnnamed(host: string): boolean {
    return !this.table.byHost.has(host);
  }

  /**
   * Whether a page of that origin may talk to the app: one on the app's list, or one that was served from the address
   * it talks to. A client that is no browser sends no origin.
   */
  allowsOrigin(app: App, headers: IncomingHttpHeaders): boolean {
    const { origin } = headers;
    if (origin === undefined || app.origins === null || app.origins.has(origin)) return true;
    const address = this.addressOf(headers)?.toLowerCase();
    return this.schemesOf(headers).some((scheme) => origin === `${scheme}://${address}`);
  }

  private readScope(address: string): Scope | undefined {
    const host = hostName(address);
    const app = host === undefined ? undefined : this.appOf(host);
    return host === undefined || app === undefined ? undefined : { app, host };
  }

  /** Host and port as the client wrote them, which a trusted proxy passes on. */
  private addressOf(headers: IncomingHttpHeaders): string | undefined {
    return this.forwarded(headers, 'x-forwarded-host') || (headers.host ?? headers[':authority']?.toString());
  }

  /** How the client may have asked: a proxy that ends TLS need not say so. */
  private schemesOf(headers: IncomingHttpHeaders): readonly string[] {
    const scheme = this.forwarded(headers, 'x-forwarded-proto')?.toLowerCase();
    return scheme ? [scheme] : ['http', 'https'];
  }

  /** What a trusted proxy says; of several the one that the client has talked to. */
  private forwarded(headers: IncomingHttpHeaders, name: string): string | undefined {
    const value = this.config.trustProxy ? headers[name] : undefined;
    return (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim();
  }
}
