import { Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { App } from '../config/app';
import { Config } from '../config/config';
import { hostName } from '../config/host-name';

/** A host and the app that owns it: the scope of everything that a request or a socket may see. */
export interface Scope {
  readonly app: App;
  readonly host: string;
}

/** Clients can make up addresses; then what is known starts over. */
const SCOPES_MAX = 1000;

/** Longer than any host name with a port. */
const ADDRESS_MAX_LENGTH = 300;

/** Which app answers for which host. An exact host beats `*`. */
@Injectable()
export class Apps {
  private readonly byHost = new Map<string, App>();
  private readonly anyHost: App | undefined;
  /** What addresses have turned out to mean. */
  private readonly scopes = new Map<string, Scope>();

  constructor(private readonly config: Config) {
    for (const app of config.apps) for (const host of app.hosts) this.byHost.set(host, app);
    this.anyHost = this.byHost.get('*');
    this.byHost.delete('*');
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
    return this.config.apps.find((app) => app.id === id);
  }

  appOf(host: string): App | undefined {
    return this.byHost.get(host) ?? this.anyHost;
  }

  /** Whether the host was not named by any app, so that clients make up such hosts at will. */
  isUnnamed(host: string): boolean {
    return !this.byHost.has(host);
  }

  /**
   * Whether a page of that origin may talk to the app: one on the app's list, or one that was served from the address
   * it talks to. A client that is no browser sends no origin.
   */
  allowsOrigin(app: App, headers: IncomingHttpHeaders): boolean {
    const { origin } = headers;
    if (origin === undefined || app.origins === null || app.origins.has(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === this.addressOf(headers)?.toLowerCase();
  }

  private readScope(address: string): Scope | undefined {
    const host = hostName(address);
    const app = host === undefined ? undefined : this.appOf(host);
    return host === undefined || app === undefined ? undefined : { app, host };
  }

  /** Host and port as the client wrote them, which a trusted proxy passes on. */
  private addressOf(headers: IncomingHttpHeaders): string | undefined {
    const forwarded = this.config.trustProxy ? headers['x-forwarded-host'] : undefined;
    const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim();
    return first || (headers.host ?? headers[':authority']?.toString());
  }
}
