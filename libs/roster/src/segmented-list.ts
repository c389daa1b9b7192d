/*
 * Names in order: by a number, and by name where the number is the same. They are kept in segments of a bounded size,
 * so that a change in the middle of a list of any length moves a few of them, and each segment keeps the JSON of its
 * names until one of them changes: after a change a long list costs little more than its copy.
 */
import type { Fragments } from './user-fragments';

/** Larger: a change writes more anew. Smaller: more pieces to put together for an answer. */
const SEGMENT_MAX = 32;

interface Segment {
  readonly orders: number[];
  readonly names: string[];
  /** Each name's fragment, with a comma before it. */
  json: Buffer | undefined;
  /** The version of the fragments for which the JSON was found to hold. */
  jsonVersion: number;
  /** What `textFrom` made of it. */
  text: string | undefined;
}

export interface Place {
  readonly order: number;
  readonly name: string;
}

/** What a name has to say; nothing: an empty text. */
export type TextOf = (name: string, order: number) => string;

export class SegmentedList {
  private readonly segments: Segment[] = [];

  /** Puts a name in its place. The same name may be there several times, with different numbers. */
  add(order: number, name: string): void {
    const at = this.segmentOf(order, name);
    const segment = this.segments[at];
    if (segment === undefined) {
      this.segments.push(segmentOf([order], [name]));
      return;
    }
    const place = placeIn(segment, order, name);
    if (segment.names.length === SEGMENT_MAX) {
      // What grows at its end alone fills its segments.
      const rest = cut(segment, place === SEGMENT_MAX ? SEGMENT_MAX : SEGMENT_MAX / 2);
      this.segments.splice(at + 1, 0, rest);
      if (place >= segment.names.length) return insert(rest, place - segment.names.length, order, name);
    }
    insert(segment, place, order, name);
  }

  /** Takes out what was added with the number; nothing happens if it is not there. */
  remove(order: number, name: string): void {
    const at = this.segmentOf(order, name);
    const segment = this.segments[at];
    if (segment === undefined) return;
    const place = placeIn(segment, order, name);
    if (segment.orders[place] !== order || segment.names[place] !== name) return;
    segment.orders.splice(place, 1);
    segment.names.splice(place, 1);
    spoil(segment);
    this.tidy(at);
  }

  /** A name's text is no longer what it was. */
  changed(order: number, name: string): void {
    const segment = this.segments[this.segmentOf(order, name)];
    if (segment !== undefined) spoil(segment);
  }

  /** Every fragment is no longer what it was. */
  allChanged(): void {
    for (const segment of this.segments) spoil(segment);
  }

  /** Drops names with smaller numbers; some of them may stay a while. */
  dropBefore(order: number): void {
    let old = 0;
    while (old < this.segments.length && (this.segments[old]?.orders.at(-1) ?? 0) < order) old += 1;
    if (old > 0) this.segments.splice(0, old);
  }

  /** The names from a place on, with their numbers. Nothing before it is looked at, however much that is. */
  *from(order: number, name = ''): Iterable<readonly [order: number, name: string]> {
    const first = this.segmentOf(order, name);
    for (let at = Math.max(0, first); at < this.segments.length; at += 1) {
      const segment = this.segments[at] as Segment;
      for (let place = at === first ? placeIn(segment, order, name) : 0; place < segment.names.length; place += 1) {
        yield [segment.orders[place] as number, segment.names[place] as string];
      }
    }
  }

  /** How many names have the number or a larger one: some more, at most one segment's. */
  countFrom(order: number): number {
    let count = 0;
    for (let at = Math.max(0, this.segmentOf(order, '')); at < this.segments.length; at += 1) {
      count += this.segments[at]?.names.length ?? 0;
    }
    return count;
  }

  /** The names with one number. */
  *at(order: number): Iterable<string> {
    for (const [own, name] of this.from(order)) {
      if (own !== order) return;
      yield name;
    }
  }

  *names(): Iterable<string> {
    for (const { names } of this.segments) yield* names;
  }

  /** Adds the fragments of all names to the parts of an answer, with commas between them. */
  pushJson(parts: Buffer[], fragments: Fragments): void {
    let isFirst = true;
    for (const segment of this.segments) {
      const json = jsonOf(segment, fragments);
      parts.push(isFirst ? json.subarray(1) : json);
      isFirst = false;
    }
  }

  /** The texts of the names from a number on, but for one name, which is in the list with its number if at all. */
  textFrom(order: number, except: Place | undefined, textOf: TextOf): string {
    const exceptAt = except === undefined ? -1 : this.segmentOf(except.order, except.name);
    const texts: string[] = [];
    for (let at = Math.max(0, this.segmentOf(order, '')); at < this.segments.length; at += 1) {
      const segment = this.segments[at] as Segment;
      const isWhole = (segment.orders[0] as number) >= order && at !== exceptAt;
      if (isWhole) texts.push((segment.text ??= textIn(segment, order, undefined, textOf)));
      else texts.push(textIn(segment, order, except?.name, textOf));
    }
    return texts.join('');
  }

  /** The last segment that does not begin after the place; -1: there is none at all. */
  private segmentOf(order: number, name: string): number {
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const { orders, names } = this.segments[middle] as Segment;
      if (isBefore(order, name, orders[0] as number, names[0] as string)) high = middle - 1;
      else low = middle;
    }
    return high < 0 ? -1 : low;
  }

  /** Joins a segment that has become small with a neighbour. */
  private tidy(at: number): void {
    if (this.segments[at]?.names.length === 0) this.segments.splice(at, 1);
    else if (!this.joinNext(at)) this.joinNext(at - 1);
  }

  private joinNext(at: number): boolean {
    const segment = this.segments[at];
    const next = this.segments[at + 1];
    if (segment === undefined || next === undefined) return false;
    if (segment.names.length + next.names.length > SEGMENT_MAX / 2) return false;
    segment.orders.push(...next.orders);
    segment.names.push(...next.names);
    spoil(segment);
    this.segments.splice(at + 1, 1);
    return true;
  }
}

const segmentOf = (orders: number[], names: string[]): Segment => ({
  orders,
  names,
  json: undefined,
  jsonVersion: 0,
  text: undefined,
});

const isBefore = (order: number, name: string, otherOrder: number, otherName: string): boolean =>
  order < otherOrder || (order === otherOrder && name < otherName);

function spoil(segment: Segment): void {
  segment.json = undefined;
  segment.text = undefined;
}

function jsonOf(segment: Segment, fragments: Fragments): Buffer {
  const { names, jsonVersion } = segment;
  const { version } = fragments;
  const mayHold = segment.json !== undefined && jsonVersion !== version;
  if (mayHold && names.some((name) => fragments.isNewerThan(jsonVersion, name))) segment.json = undefined;
  segment.jsonVersion = version;
  return (segment.json ??= Buffer.from(`,${names.map((name) => fragments.of(name)).join(',')}`));
}

function textIn({ orders, names }: Segment, from: number, except: string | undefined, textOf: TextOf): string {
  const texts: string[] = [];
  for (let place = 0; place < names.length; place += 1) {
    const [order, name] = [orders[place] as number, names[place] as string];
    if (order >= from && name !== except) texts.push(textOf(name, order));
  }
  return texts.join('');
}

/** Where the name is, or would be. */
function placeIn({ orders, names }: Segment, order: number, name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(orders[middle] as number, names[middle] as string, order, name)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(segment: Segment, place: number, order: number, name: string): void {
  segment.orders.splice(place, 0, order);
  segment.names.splice(place, 0, name);
  spoil(segment);
}

/** Takes what is behind a place into a segment of its own. */
function cut(segment: Segment, place: number): Segment {
  if (place < segment.names.length) spoil(segment);
  return segmentOf(segment.orders.splice(place), segment.names.splice(place));
}
