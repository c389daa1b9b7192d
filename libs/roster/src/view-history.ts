/*
 * What has happened on a host lately, in the order of the log, as far back as a view remembers: enough to say how things
 * were at an earlier cursor. Written by the view alone, as it follows the log; nothing is kept elsewhere, and a view
 * that is loaded anew begins a new history.
 *
 * Who vanished from a channel with a connection is still shown there to watchers until the grace is over, as with the
 * status: a page that is loaded again is no departure. Nothing happens when it is over; each reader knows the moment.
 *
 * Memory: a small record a step, `stepsMax` of them, and as many places at most.
 */
import { Queue } from './queue';
import { type Step, Track } from './track';
import type { UserRecord } from './presence';
import { KEPT_MS } from './presence-index';
import type { Head } from './roster.store';

/** What somebody has been shown: the log up to a revision, and what takes effect by itself up to a moment. */
export interface Position {
  readonly revision: number;
  /** By the store's clock; infinite: whoever has vanished was shown as gone, without a grace. */
  readonly atMs: number;
  /** Who had vanished by this revision was shown as gone. */
  readonly goneUpTo?: number;
}

export type TrackName = 'members' | 'counts' | 'records';

/** One thing that has happened. There are many, and each is in its track and in the order of all: it is one object. */
interface AnyStep extends Step {
  readonly track: TrackName;
  readonly key: string;
}

/** A user came to a channel, or left it; `untilMs`: until when watchers still see the one who left. */
export interface MemberStep extends AnyStep {
  readonly atMs: number;
  readonly userId: string;
  readonly joined: boolean;
  readonly untilMs: number;
}

/** An anonymous channel had so many connections before. */
export interface CountStep extends AnyStep {
  readonly before: number;
}

/** A user's record was this one before; `undefined`: there was none. */
export interface RecordStep extends AnyStep {
  readonly before: UserRecord | undefined;
}

interface Place {
  readonly revision: number;
  readonly tag: string;
  /** It was no earlier here. */
  readonly atMs: number;
  /** How many steps led here from the place before. */
  readonly steps: number;
}

export interface HistoryOptions {
  readonly graceMs: number;
  /** How many steps are remembered at least, and at most; in between, so many for each connection that there was. */
  readonly stepsMin: number;
  readonly stepsMax: number;
}

/** Below: who comes back after a moment would get everything. Above: hosts could take some megabytes each. */
export const STEPS_MIN = 1024;
export const STEPS_MAX = 65_536;

/** Everybody may go and come back at once: two steps each for the connection, and two for each channel of most. */
const STEPS_PER_CONNECTION = 8;

export class ViewHistory {
  readonly members = new Track<MemberStep>();
  readonly counts = new Track<CountStep>();
  readonly records = new Track<RecordStep>();
  private readonly order = new Queue<AnyStep>();
  private readonly places = new Queue<Place>();
  /** The channels from which somebody has vanished, in the order in which the graces end. */
  private readonly holds = new Queue<{ readonly untilMs: number; readonly channel: string }>();
  /** Whom other pods show as vanished but there, or this one has forgotten, is gone by this moment. */
  private knownFromMs = 0;
  private forgottenUntilMs = 0;
  /** What has been shown from this revision on was shown without those who were forgotten. */
  private forgottenAtRevision = 0;
  private connectionsMost = 0;
  private now: { revision: number; atMs: number; steps: number } | undefined;

  constructor(private readonly options: HistoryOptions | undefined) {}

  get graceMs(): number {
    return this.options?.graceMs ?? 0;
  }

  /** The time of the entry that is being taken. */
  get entryAtMs(): number {
    return this.now?.atMs ?? 0;
  }

  /** The view is loaded: nothing is known of what was before. */
  begin({ revision, tag, atMs }: Head): void {
    // It may have been here for a while already.
    this.places.push({ revision, tag, atMs: atMs - KEPT_MS, steps: 0 });
    this.knownFromMs = atMs + this.graceMs;
  }

  /** The steps that follow belong to an entry. */
  enter(revision: number, atMs: number): void {
    this.now = { revision, atMs, steps: 0 };
  }

  /** The entry is over. */
  leave(tag: string, connections: number): void {
    if (this.now === undefined) return;
    const { revision, atMs, steps } = this.now;
    this.places.push({ revision, tag, atMs, steps });
    this.trim(connections);
    this.now = undefined;
  }

  member(channel: string, userId: string, joined: boolean, isHeld: boolean): void {
    const { now, options } = this;
    if (now === undefined || options === undefined) return;
    const { revision, atMs } = now;
    const untilMs = isHeld && options.graceMs > 0 ? atMs + options.graceMs : 0;
    const step: MemberStep = { revision, track: 'members', key: channel, atMs, userId, joined, untilMs };
    this.members.add(channel, step);
    if (untilMs > 0) this.holds.push({ untilMs, channel });
    this.taken(step);
  }

  count(channel: string, before: number): void {
    if (this.now === undefined || this.options === undefined) return;
    const step: CountStep = { revision: this.now.revision, track: 'counts', key: channel, before };
    this.counts.add(channel, step);
    this.taken(step);
  }

  record(userId: string, before: UserRecord | undefined): void {
    if (this.now === undefined || this.options === undefined) return;
    const step: RecordStep = { revision: this.now.revision, track: 'records', key: userId, before };
    this.records.add(userId, step);
    this.taken(step);
  }

  /** Whether the view was at this place; `undefined`: that would be too long ago to know. */
  passed({ revision, tag }: Pick<Head, 'revision' | 'tag'>): boolean | undefined {
    if (revision < this.firstRevision) return undefined;
    const { places } = this;
    const place = places.at(places.indexWhere((own) => own.revision >= revision));
    return place?.revision === revision && place.tag === tag;
  }

  /** Whether everything since a position of this view is remembered. */
  covers({ revision, atMs }: Position): boolean {
    if (revision < this.firstRevision) return false;
    return atMs >= this.forgottenUntilMs || revision >= this.forgottenAtRevision;
  }

  /** The same of a position that another pod may have shown, which remembers more of those who have vanished. */
  coversAnyones(position: Position): boolean {
    if (!this.covers(position)) return false;
    const { revision, atMs, goneUpTo = -1 } = position;
    // A view remembers from no later than where it is: whoever says so was shown nothing by any pod.
    if (goneUpTo > revision) return false;
    return atMs >= this.allKnownFromMs || goneUpTo >= this.firstRevision;
  }

  /** By which revision somebody may have vanished who is not shown here at a moment, and still is at other pods. */
  goneUpTo(atMs: number): number | undefined {
    return atMs >= this.allKnownFromMs ? undefined : this.firstRevision;
  }

  /** The time at which the view came to a revision, or an earlier one. */
  atMsOf(revision: number): number {
    const { places } = this;
    return places.at(places.indexWhere((own) => own.revision >= revision))?.atMs ?? 0;
  }

  /** What has had a step since the position, in one of the tracks. */
  touchedSince(track: TrackName, { revision }: Position): Set<string> {
    const keys = new Set<string>();
    const { order } = this;
    for (const step of order.from(order.indexWhere((own) => own.revision > revision))) {
      if (step.track === track) keys.add(step.key);
    }
    return keys;
  }

  /** How many steps `touchedSince` looks at. */
  stepsSince({ revision }: Position): number {
    const { order } = this;
    return order.length - order.indexWhere((own) => own.revision > revision);
  }

  /** How many steps a look at who was seen in channels goes through at most, of one channel or of all. */
  stepsSeenSince({ revision, atMs }: Position, channel?: string): number {
    const heldFromMs = atMs - this.graceMs;
    if (channel !== undefined) {
      return this.members.countFrom(channel, (step) => step.revision > revision || step.atMs > heldFromMs);
    }
    const { places } = this;
    const first = places.at(places.indexWhere((own) => own.revision > revision || own.atMs > heldFromMs));
    return first === undefined ? 0 : this.stepsSince({ revision: first.revision - 1, atMs });
  }

  /** How many users at most are to be told of in a channel: by steps since the position, and by graces that end by a moment. */
  newsOf(channel: string, { revision, atMs }: Position, toMs: number): number {
    const { members, graceMs } = this;
    const steps = members.countFrom(channel, (step) => step.revision > revision);
    const held = members.countFrom(channel, (step) => step.atMs > atMs - graceMs);
    return steps + Math.max(0, held - members.countFrom(channel, (step) => step.atMs > toMs - graceMs));
  }

  /** How many graces end after one moment and not after the other. */
  releasesBetween(afterMs: number, toMs: number): number {
    const { holds } = this;
    const first = holds.indexWhere((hold) => hold.untilMs > afterMs);
    return Math.max(0, holds.indexWhere((hold) => hold.untilMs > toMs) - first);
  }

  /** The channels in which a grace has ended after one moment and not after the other. */
  releasedBetween(afterMs: number, toMs: number): Set<string> {
    const channels = new Set<string>();
    const { holds } = this;
    for (const { untilMs, channel } of holds.from(holds.indexWhere((hold) => hold.untilMs > afterMs))) {
      if (untilMs > toMs) break;
      channels.add(channel);
    }
    return channels;
  }

  /** The next moment at which a grace ends. */
  nextReleaseAfter(atMs: number): number {
    const { holds } = this;
    return holds.at(holds.indexWhere((hold) => hold.untilMs > atMs))?.untilMs ?? Infinity;
  }

  /** The steps of a channel that say who was seen there at a position and since. */
  membersFrom(channel: string, { revision, atMs }: Position): Iterable<MemberStep> {
    const heldFromMs = atMs - this.graceMs;
    return this.members.from(channel, (step) => step.revision > revision || step.atMs > heldFromMs);
  }

  /** From here on every step is known. */
  private get firstRevision(): number {
    return this.places.at(0)?.revision ?? Infinity;
  }

  /** Whoever vanished before the first step is gone by then. */
  private get allKnownFromMs(): number {
    return Math.max(this.knownFromMs, this.forgottenUntilMs);
  }

  private taken(step: AnyStep): void {
    this.order.push(step);
    if (this.now !== undefined) this.now.steps += 1;
  }

  private trim(connections: number): void {
    const { stepsMin, stepsMax } = this.options ?? { stepsMin: STEPS_MIN, stepsMax: STEPS_MIN };
    this.connectionsMost = Math.max(this.connectionsMost, connections);
    const max = Math.min(stepsMax, Math.max(stepsMin, STEPS_PER_CONNECTION * this.connectionsMost));
    while (this.places.length > 1 && (this.order.length > max || this.places.length > max)) {
      this.places.shift();
      // The place stays, as the one from which on everything is known; what led to it goes.
      for (let steps = this.places.at(0)?.steps ?? 0; steps > 0; steps -= 1) this.forgetFirst();
    }
  }

  private forgetFirst(): void {
    const first = this.order.shift();
    if (first === undefined) return;
    if (first.track !== 'members') {
      this[first.track].dropFirst(first.key);
      return;
    }
    const step = this.members.dropFirst(first.key);
    if (step === undefined || step.untilMs === 0) return;
    this.holds.shift();
    this.forgottenUntilMs = Math.max(this.forgottenUntilMs, step.untilMs);
    this.forgottenAtRevision = this.now?.revision ?? 0;
  }
}
