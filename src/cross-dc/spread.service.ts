import { Injectable } from '@nestjs/common';
import type { RosterView } from '@rollcall/roster';
import type { Caller } from '../auth/caller';
import { LargeAnswers } from '../http/large-answers.service';
import { pageOf } from '../http/paging';
import type { Seen } from './datacenter';
import type { DatacenterDto, DatacentersDto, SpreadUserDto } from './datacenters.dto';
import type { DatacentersQuery } from './datacenters-query';
import { Datacenters, type DatacenterSeen } from './datacenters';
import { DistinctCounts } from './distinct-counts';
import { pageOfUsers } from './distinct-users';

/** To go through more users than this is as much work as a large page. */
const LARGE_USERS = 1000;

/** How a host's connections are spread over data centres, for who operates them. */
@Injectable()
export class Spread {
  private readonly counts = new DistinctCounts();

  constructor(
    private readonly datacenters: Datacenters,
    private readonly answers: LargeAnswers,
  ) {}

  /** `goneFrom` is asked for once if it takes long. @throws AppError RATE_LIMITED, UNAVAILABLE */
  async of(caller: Caller, query: DatacentersQuery, goneFrom: () => AbortSignal): Promise<DatacentersDto> {
    const { host } = caller;
    const [seen, pods] = await Promise.all([this.datacenters.look(host, query.users), this.datacenters.pods()]);
    const nowMs = Date.now();
    let looked = seen;
    let gone: AbortSignal | undefined;
    const nextTurn = (): Promise<void> => this.answers.nextTurn(caller, (gone ??= goneFrom()));
    if (this.isLarge(viewsOf(looked), query)) {
      await this.answers.turn(caller, (gone ??= goneFrom()));
      looked = this.datacenters.again(host, looked);
    }
    const known = looked.flatMap((one) => one.seen ?? []);
    const totals = known.map(({ view }) => view.totals);
    return {
      datacenters: looked.map((one) => datacenterOf(one.dc, one.seen, pods.get(one.dc), nowMs)),
      total: {
        authenticated: totals.reduce((sum, { users }) => sum + users, 0),
        anonymous: totals.reduce((sum, { anonymousConnections }) => sum + anonymousConnections, 0),
        // Very many are gone through in several turns.
        distinctUsers: await this.counts.count(viewsOf(looked), nextTurn),
      },
      ...(query.users ? await this.page(known, query, nextTurn) : {}),
    };
  }

  /** A page shows all connections of its users, with all their channels: even a short one may be long. */
  private isLarge(views: readonly RosterView[], { users: isPage }: DatacentersQuery): boolean {
    if (isPage) return true;
    const sum = views.reduce((all, { totals }) => all + totals.users, 0);
    return sum > LARGE_USERS && this.counts.known(views) === undefined;
  }

  /** One more than wanted is looked for, to know whether another page follows. */
  private async page(
    known: readonly Seen[],
    { after, limit }: DatacentersQuery,
    breathe: () => Promise<void>,
  ): Promise<Pick<DatacentersDto, 'users' | 'nextCursor'>> {
    const views = known.map(({ view }) => view);
    const found = await pageOfUsers(views, after, limit + 1, breathe);
    const { items, ...next } = pageOf(found, limit, (id) => id);
    return { users: items.map((id) => userOf(id, known)), ...next };
  }
}

const viewsOf = (looked: readonly DatacenterSeen[]): RosterView[] => looked.flatMap(({ seen }) => seen?.view ?? []);

function datacenterOf(dc: string, seen: Seen | undefined, pods: number | undefined, nowMs: number): DatacenterDto {
  if (seen === undefined) return { dc, state: 'missing' };
  const { users, anonymousConnections } = seen.view.totals;
  return {
    dc,
    state: seen.answeredNow ? 'live' : 'stale',
    asOf: new Date(nowMs - seen.ageMs).toISOString(),
    roundTripMs: Math.round(seen.roundTripMs * 10) / 10,
    ...(pods === undefined ? {} : { pods }),
    authenticated: users,
    anonymous: anonymousConnections,
  };
}

function userOf(id: string, known: readonly Seen[]): SpreadUserDto {
  const there = known.filter(({ view }) => view.hasUser(id));
  return {
    id,
    // Data centres have directories of their own; the first one that knows an address has it.
    email: there.map(({ view }) => view.presence.profile(id).email).find((email) => email !== null) ?? null,
    connections: there.flatMap(({ dc, view }) =>
      view.connectionsOf(id).map(({ connectionId, pod, channels }) => ({
        ...{ dc, pod, connectionId },
        channels: channels.map(({ channel, kind }) => ({ channel, kind })),
      })),
    ),
  };
}
