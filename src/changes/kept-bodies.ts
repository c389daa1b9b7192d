/*
 * What callers of `GET /v1/changes` were told last, for others who ask the same before anything else happens: after a
 * loss, or at a tick, that is most of those who wait. Written as bodies are made; kept with the view that they are of, a
 * few for its latest head alone, so many for all views together, and never given when they would be another one by now.
 */
import type { Moment, Position, RosterView } from '@rollcall/roster';
import type { ChangesQuery } from './changes-query';
import type { ChangesDto } from './changes.dto';

/** The bodies of a view at once: callers mostly come from the same place, and ask about few channels. */
const BODIES_MAX = 8;

interface Body {
  readonly body: ChangesDto;
  readonly atMs: number;
  /** When something is different by itself. */
  readonly untilMs: number;
}

interface OfHead {
  readonly revision: number;
  readonly tag: string;
  readonly profileEdits: number;
  readonly bodies: Map<string, Body>;
}

/** Which one is to go first. */
interface Place {
  readonly bodies: Map<string, Body>;
  readonly key: string;
}

export class KeptBodies {
  private ofViews = new WeakMap<RosterView, OfHead>();
  /** In the order in which they were made; also of some that are not kept any more. */
  private places: Place[] = [];

  /** `most`: of all views together. */
  constructor(private readonly most: number) {}

  /** The body that was made for such a caller of the same, or the one that is made now. `from`: absent for everything. */
  of(moment: Moment, query: ChangesQuery, from: Position | undefined, make: () => ChangesDto): ChangesDto {
    const { bodies } = this.ofHead(moment.view);
    const key = JSON.stringify([query.channel, query.presence, from?.revision, `${from?.atMs}`, from?.goneUpTo]);
    const { atMs } = moment;
    const kept = bodies.get(key);
    if (kept !== undefined && kept.atMs <= atMs && atMs < kept.untilMs) return kept.body;
    bodies.delete(key);
    const body = make();
    for (const oldest of bodies.keys()) {
      if (bodies.size < BODIES_MAX) break;
      bodies.delete(oldest);
    }
    bodies.set(key, { body, atMs, untilMs: moment.view.changes.nextAfter(atMs) });
    this.places.push({ bodies, key });
    if (this.places.length > this.most) {
      const first = this.places.shift();
      first?.bodies.delete(first.key);
    }
    return body;
  }

  clear(): void {
    this.ofViews = new WeakMap();
    this.places = [];
  }

  private ofHead(view: RosterView): OfHead {
    const { revision, tag } = view.head;
    const { profileEdits } = view.presence;
    const known = this.ofViews.get(view);
    if (known?.revision === revision && known.tag === tag && known.profileEdits === profileEdits) return known;
    const now = { revision, tag, profileEdits, bodies: new Map<string, Body>() };
    this.ofViews.set(view, now);
    return now;
  }
}

const texts = new WeakMap<ChangesDto, Buffer>();

/** A body as JSON: the same bytes for all who are told it, who may be a thousand, and slow to read. */
export function textOf(body: ChangesDto): Buffer {
  const text = texts.get(body) ?? Buffer.from(JSON.stringify(body));
  texts.set(body, text);
  return text;
}
