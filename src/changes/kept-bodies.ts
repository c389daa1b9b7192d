/*
 * What callers of `GET /v1/changes` were told last, for others who ask the same before anything else happens: after a
 * loss, or at a tick, that is most of those who wait. Written as bodies are made; kept for the latest head of each view
 * alone, so much for all views together, and never given when they would be another one by now.
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
  /** What it shows, and itself. */
  readonly rows: number;
  /** Where it is kept. */
  readonly among: Map<string, Body>;
  readonly key: string;
}

interface OfHead {
  readonly revision: number;
  readonly tag: string;
  readonly profileEdits: number;
  readonly bodies: Map<string, Body>;
}

export class KeptBodies {
  private ofViews = new WeakMap<RosterView, OfHead>();
  /** In the order in which they were made. */
  private readonly all = new Set<Body>();
  private rows = 0;

  /** `rowsMost`: of all views together. With names and addresses of any length a row takes some kilobytes at most. */
  constructor(private readonly rowsMost: number) {}

  /** The body that was made for such a caller of the same, or the one that is made now. `from`: absent for everything. */
  of(moment: Moment, query: ChangesQuery, from: Position | undefined, make: () => ChangesDto): ChangesDto {
    const { bodies } = this.ofHead(moment.view);
    const key = JSON.stringify([query.channel, query.presence, from?.revision, `${from?.atMs}`, from?.goneUpTo]);
    const { atMs } = moment;
    const kept = bodies.get(key);
    if (kept !== undefined && kept.atMs <= atMs && atMs < kept.untilMs) return kept.body;
    if (kept !== undefined) this.drop(kept);
    const body = make();
    const untilMs = moment.view.changes.nextAfter(atMs);
    this.keep({ body, atMs, untilMs, rows: rowsOf(body), among: bodies, key });
    return body;
  }

  clear(): void {
    this.ofViews = new WeakMap();
    this.all.clear();
    this.rows = 0;
  }

  private keep(one: Body): void {
    for (const oldest of one.among.values()) {
      if (one.among.size < BODIES_MAX) break;
      this.drop(oldest);
    }
    one.among.set(one.key, one);
    this.all.add(one);
    this.rows += one.rows;
    for (const oldest of this.all) {
      if (this.rows <= this.rowsMost) break;
      this.drop(oldest);
    }
  }

  private drop(one: Body): void {
    one.among.delete(one.key);
    if (this.all.delete(one)) this.rows -= one.rows;
  }

  private ofHead(view: RosterView): OfHead {
    const { revision, tag } = view.head;
    const { profileEdits } = view.presence;
    const known = this.ofViews.get(view);
    if (known?.revision === revision && known.tag === tag && known.profileEdits === profileEdits) return known;
    for (const old of known?.bodies.values() ?? []) this.drop(old);
    const now = { revision, tag, profileEdits, bodies: new Map<string, Body>() };
    this.ofViews.set(view, now);
    return now;
  }
}

function rowsOf({ channels, presence }: ChangesDto): number {
  let rows = 1 + presence.length;
  for (const { users = [], joined = [], left = [] } of channels) rows += 1 + users.length + joined.length + left.length;
  return rows;
}

const texts = new WeakMap<ChangesDto, Buffer>();

/** A body as JSON: the same bytes for all who are told it, who may be a thousand, and slow to read. */
export function textOf(body: ChangesDto): Buffer {
  const text = texts.get(body) ?? Buffer.from(JSON.stringify(body));
  texts.set(body, text);
  return text;
}
