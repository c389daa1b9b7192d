import type { Moment, Position } from '@rollcall/roster';
import type { ChangesQuery } from './changes-query';
import type { ChangesDto } from './changes.dto';
import { changes, everything, isEmpty } from './changes-of-host';
import type { KeptBodies } from './kept-bodies';

/** A difference that is made from more steps than this takes as long as hundreds of requests that find nothing. */
const LARGE_STEPS = 200;

export const isLarge = ({ view, atMs }: Moment, from: Position, query: ChangesQuery): boolean =>
  view.changes.cost(from, atMs, query, LARGE_STEPS + 1) > LARGE_STEPS;

/** A caller with a cursor, who is told what is different from there, or everything if that is not known any more. */
export class Poll {
  constructor(
    private readonly query: ChangesQuery,
    private from: Position,
    private readonly began: Moment,
    private readonly kept: { readonly small: KeptBodies; readonly large: KeptBodies },
  ) {}

  /** Whether the answer is to be made in its turn. */
  needsTurn(now: Moment): boolean {
    return this.isLost(now) || isLarge(this.notBefore(now), this.from, this.query);
  }

  /** Whether it need not wait any longer; what is large is not made to find out. */
  isOver(now: Moment): boolean {
    return this.needsTurn(now) || !isEmpty(this.told(now));
  }

  /** @throws AppError PAYLOAD_TOO_LARGE */
  told(now: Moment): ChangesDto {
    const { query, from } = this;
    const moment = this.notBefore(now);
    if (this.isLost(moment)) return this.kept.large.of(moment, query, undefined, () => everything(moment, query));
    const kept = isLarge(moment, from, query) ? this.kept.large : this.kept.small;
    const body = kept.of(moment, query, from, () => changes(moment, from, query));
    // Nothing is different from there either, and there is less to look at the next time.
    if (isEmpty(body)) this.from = { revision: moment.view.head.revision, atMs: moment.atMs };
    return body;
  }

  private isLost({ view }: Moment): boolean {
    return view !== this.began.view || !view.history.covers(this.from);
  }

  private notBefore({ view, atMs }: Moment): Moment {
    return { view, atMs: Math.max(atMs, this.began.atMs) };
  }
}
