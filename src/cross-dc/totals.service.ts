import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type RosterView, SentTexts } from '@rollcall/roster';
import { type Asked, bodyOf, type Figures, type Said, statesOf, type TotalsAnswer } from './datacenter-totals';
import { LargeSends, SMALL_CONNECTIONS } from '../http/large-sends.service';
import type { Seen } from './datacenter';
import { Datacenters, type DatacenterSeen } from './datacenters';

/** Asks each data centre about a host, and adds up what they said. */
@Injectable()
export class Totals {
  /** Lists of users. */
  private readonly texts = new SentTexts();
  /** Views are told apart by numbers. */
  private readonly numbers = new WeakMap<RosterView, number>();
  private lastNumber = 0;

  constructor(
    private readonly datacenters: Datacenters,
    private readonly sends: LargeSends,
  ) {}

  /** @throws AppError UNAVAILABLE if this data centre itself is not known, or has been away for too long: no total without it. */
  async of(host: string, asked: Asked): Promise<TotalsAnswer> {
    const seen = await this.datacenters.look(host, asked.includeUsers);
    const [here] = seen;
    if (here?.seen === undefined) throw new AppError('UNAVAILABLE');
    const seenAtMs = performance.now();
    if (asked.includeUsers && connectionsOf(seen) > SMALL_CONNECTIONS) await this.sends.turn();
    const said = seen.map((one) => saidBy(one.dc, one.seen, seenAtMs));
    const make = (): Buffer => bodyOf(said, asked);
    const body = asked.includeUsers ? this.texts.of(this.keyOf(seen, asked), make) : make();
    return { body, states: statesOf(said, performance.now()) };
  }

  /** What the lists are made from. */
  private keyOf(all: readonly DatacenterSeen[], { dedupeUsers }: Asked): string {
    const places = all.map(({ seen }) => {
      if (seen === undefined) return null;
      const { head, presence } = seen.view;
      return [this.numberOf(seen.view), head.revision, head.tag, presence.profileEdits];
    });
    return JSON.stringify([dedupeUsers, places]);
  }

  private numberOf(view: RosterView): number {
    const number = this.numbers.get(view) ?? (this.lastNumber += 1);
    this.numbers.set(view, number);
    return number;
  }
}

const connectionsOf = (all: readonly DatacenterSeen[]): number =>
  all.reduce((sum, { seen }) => sum + (seen?.view.connections ?? 0), 0);

function saidBy(dc: string, seen: Seen | undefined, seenAtMs: number): Said {
  if (seen === undefined) return { dc, answeredNow: false };
  const { answeredNow, ageMs, view } = seen;
  return { dc, answeredNow, heardAtMs: seenAtMs - ageMs, figures: figuresOf(view) };
}

const figuresOf = (view: RosterView): Figures => ({
  ...view.totals,
  usersJson: () => view.usersJson(),
  userConnectionsJson: () => view.userConnectionsJson(),
});
