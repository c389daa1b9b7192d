import { Injectable } from '@nestjs/common';
import { pageOf } from '../http/paging';
import type { Seen } from './datacenter';
import type { DatacenterDto, DatacentersDto, SpreadUserDto } from './datacenters.dto';
import type { DatacentersQuery } from './datacenters-query';
import { Datacenters } from './datacenters';
import { countDistinct, pageOfUsers } from './distinct-users';

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** How a host's connections are spread over data centres, for who operates them. */
@Injectable()
export class Spread {
  constructor(private readonly datacenters: Datacenters) {}

  async of(host: string, query: DatacentersQuery): Promise<DatacentersDto> {
    const [looked, pods] = await Promise.all([this.datacenters.look(host, query.users), this.datacenters.pods()]);
    const nowMs = Date.now();
    const known = looked.flatMap(({ seen }) => seen ?? []);
    const totals = known.map(({ view }) => view.totals);
    return {
      datacenters: looked.map(({ dc, seen }) => datacenterOf(dc, seen, pods.get(dc), nowMs)),
      total: {
        authenticated: totals.reduce((sum, { users }) => sum + users, 0),
        anonymous: totals.reduce((sum, { anonymousConnections }) => sum + anonymousConnections, 0),
        distinctUsers: await countDistinct(
          known.map(({ view }) => view),
          breathe,
        ),
      },
      ...(query.users ? await this.page(known, query) : {}),
    };
  }

  /** One more than wanted is looked for, to know whether another page follows. */
  private async page(
    known: readonly Seen[],
    { after, limit }: DatacentersQuery,
  ): Promise<Pick<DatacentersDto, 'users' | 'nextCursor'>> {
    const views = known.map(({ view }) => view);
    const found = await pageOfUsers(views, after, limit + 1, breathe);
    const { items, ...next } = pageOf(found, limit, (id) => id);
    return { users: items.map((id) => userOf(id, known)), ...next };
  }
}

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
