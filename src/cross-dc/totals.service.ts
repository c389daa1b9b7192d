import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import type { RosterView } from '@rollcall/roster';
import { type Asked, type Figures, type Said, type TotalsAnswer, totalsOf } from './datacenter-totals';
import type { Seen } from './datacenter';
import { Datacenters } from './datacenters';

/** Asks each data centre about a host, and adds up what they said. */
@Injectable()
export class Totals {
  constructor(private readonly datacenters: Datacenters) {}

  /** @throws AppError UNAVAILABLE if this data centre itself is not known, or has been away for too long: no total without it. */
  async of(host: string, asked: Asked): Promise<TotalsAnswer> {
    const seen = await this.datacenters.look(host, asked.includeUsers);
    const [here] = seen;
    if (here?.seen === undefined) throw new AppError('UNAVAILABLE');
    const nowMs = performance.now();
    const said = seen.map((one) => saidBy(one.dc, one.seen, asked, nowMs));
    return totalsOf(said, asked, nowMs);
  }
}

function saidBy(dc: string, seen: Seen | undefined, asked: Asked, nowMs: number): Said {
  if (seen === undefined) return { dc, answeredNow: false };
  const { answeredNow, ageMs, view } = seen;
  return { dc, answeredNow, heardAtMs: nowMs - ageMs, figures: figuresOf(view, asked) };
}

function figuresOf(view: RosterView, { includeUsers, dedupeUsers }: Asked): Figures {
  return {
    ...view.totals,
    ...(includeUsers && dedupeUsers ? { usersJson: view.usersJson() } : {}),
    ...(includeUsers && !dedupeUsers ? { userConnectionsJson: view.userConnectionsJson() } : {}),
  };
}
