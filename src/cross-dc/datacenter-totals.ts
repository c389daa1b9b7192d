/*
 * `/message/allusers` as pure functions of what each data centre said, and when. No clock and no I/O: who calls them
 * says what time it is by the reader's own clock.
 */

/** A data centre's figures for one host, as it last told them. */
export interface Figures {
  readonly users: number;
  readonly userConnections: number;
  readonly anonymousConnections: number;
  /** Make JSON arrays of `{id,email}`: each user once, and each connection. */
  readonly usersJson: () => Buffer;
  readonly userConnectionsJson: () => Buffer;
}

export interface Said {
  readonly dc: string;
  /** When it last answered; absent, like its figures: it was never heard of, or for too long, and is missing. */
  readonly heardAtMs?: number;
  /** It answered a check within this query. */
  readonly answeredNow: boolean;
  readonly figures?: Figures;
}

export interface Asked {
  readonly includeUsers: boolean;
  readonly dedupeUsers: boolean;
}

export interface TotalsAnswer {
  /** The reply's body, JSON: one member a data centre that is not missing, and `_total`. */
  readonly body: Buffer;
  /** `X-Rollcall-Dc`: the state of each. */
  readonly states: string;
}

export const statesOf = (said: readonly Said[], nowMs: number): string =>
  said.map((one) => `${one.dc}=${stateOf(one, nowMs)}`).join(', ');

function stateOf({ heardAtMs, answeredNow, figures }: Said, nowMs: number): string {
  if (figures === undefined) return 'missing';
  const ageMs = heardAtMs === undefined ? Infinity : Math.max(0, nowMs - heardAtMs);
  return answeredNow ? 'live' : `stale;age=${Math.floor(ageMs / 1000)}`;
}

export function bodyOf(said: readonly Said[], asked: Asked): Buffer {
  const parts: Buffer[] = [];
  const total = { authenticated: 0, anonymous: 0 };
  for (const { dc, figures } of said) {
    if (figures === undefined) continue;
    const authenticated = asked.dedupeUsers ? figures.users : figures.userConnections;
    const anonymous = figures.anonymousConnections;
    parts.push(Buffer.from(`${parts.length === 0 ? '{' : ','}${JSON.stringify(dc)}:`));
    pushFigures(parts, figures, asked, authenticated);
    total.authenticated += authenticated;
    total.anonymous += anonymous;
  }
  parts.push(Buffer.from(`${parts.length === 0 ? '{' : ','}"_total":${JSON.stringify(total)}}`));
  return Buffer.concat(parts);
}

function pushFigures(
  parts: Buffer[],
  figures: Figures,
  { includeUsers, dedupeUsers }: Asked,
  authenticated: number,
): void {
  const { anonymousConnections: anonymous } = figures;
  if (!includeUsers) {
    parts.push(Buffer.from(JSON.stringify({ authenticated, anonymous })));
    return;
  }
  const list = dedupeUsers ? figures.usersJson() : figures.userConnectionsJson();
  parts.push(Buffer.from('{"authenticated":'), list);
  parts.push(Buffer.from(`,"authenticatedCount":${authenticated},"anonymous":${anonymous}}`));
}
