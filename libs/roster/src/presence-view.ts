/*
 * The presence half of a view: the users' records of one host, written by the view alone as it follows the log, and
 * the rows of `users.presence` made from them. As fresh as the view. Nothing here is stored elsewhere: a crash loses
 * nothing that the store does not have.
 */
import type { PresenceRow, Status } from '@rollcall/contract';
import { NameIndex } from './name-index';
import { KEPT_MS, PresenceIndex } from './presence-index';
import { combine, hasChosen, NEVER_CONNECTED, settled, type Shown, shownAt, type UserRecord } from './presence';
import type { UserWrite } from './roster.store';
import type { Profile, Profiles } from './profile';

/** What a user has chosen, as it can be written again. */
export type ChosenStatus = Required<Pick<UserWrite, 'status' | 'statusText' | 'untilMs' | 'erasedAtMs'>>;

type ShownRow = Pick<Shown, 'status' | 'text'>;

interface RowJson extends ShownRow {
  readonly json: string;
  readonly bot: boolean;
}

const NOBODY: ShownRow = { status: 'offline', text: '' };

export class PresenceView {
  private records = new Map<string, UserRecord>();
  private index = new PresenceIndex();
  private usernames: NameIndex | undefined;
  private readonly rowJson = new Map<string, RowJson>();
  /** Of users who were shown to watchers: to make a profile takes longer than all the rest of a row. */
  private readonly profilesShown = new Map<string, Profile>();
  private fullList: { readonly json: Buffer; readonly fromMs: number; readonly untilMs: number } | undefined;

  private edits = 0;

  /** The moment that the texts show which the index keeps. */
  private shownMs = 0;

  constructor(private readonly profiles: Profiles) {}

  async load(users: Map<string, UserRecord>, atMs: number, chunk: number, breathe: () => Promise<void>): Promise<void> {
    this.records = users;
    this.usernames = undefined;
    // A host's whole history need not be sorted.
    this.index = new PresenceIndex(atMs - KEPT_MS);
    this.shownMs = atMs;
    let taken = 0;
    for (const [userId, record] of users) {
      this.index.move(userId, undefined, record);
      taken += 1;
      if (taken % chunk === 0) await breathe();
    }
  }

  /** How many users are shown at most where all are that are not offline; none is looked at. A bot with a record counts twice. */
  get size(): number {
    return this.records.size + this.profiles.bots().size;
  }

  /** They are shown whether they were ever connected or not. */
  get bots(): ReadonlySet<string> {
    return this.profiles.bots();
  }

  /** Changes whenever profiles may have: what was made of the same head before shows others. */
  get profileEdits(): number {
    return this.edits;
  }

  /** Those of whom there is a record. */
  userIds(): Iterable<string> {
    return this.records.keys();
  }

  record(userId: string): UserRecord | undefined {
    return this.records.get(userId);
  }

  set(userId: string, record: UserRecord | null): void {
    this.drop(userId);
    this.index.move(userId, this.records.get(userId), record);
    this.usernames?.set(userId, record?.claims?.username);
    if (record === null) this.records.delete(userId);
    else this.records.set(userId, record);
  }

  /** The user's record or profile is no longer what the kept rows were made from. */
  changed(userId: string): void {
    this.edits += 1;
    this.drop(userId);
    const record = this.records.get(userId);
    if (record !== undefined) this.index.changed(userId, record);
  }

  statusAt(userId: string, atMs: number): Status {
    return this.rowAt(userId, atMs).status;
  }

  /** '': none is set. */
  textAt(userId: string, atMs: number): string {
    return this.rowAt(userId, atMs).text;
  }

  /** When the choice that stands at `atMs` ends by itself; `undefined`: never, or nothing is chosen. */
  choiceEndsAtMs(userId: string, atMs: number): number | undefined {
    const { untilMs } = this.records.get(userId) ?? NEVER_CONNECTED;
    return untilMs > atMs ? untilMs : undefined;
  }

  /** What the connections alone say, whatever was chosen; a last one that has gone is gone at once. */
  connectionStatus(userId: string): Status {
    const { connections, active } = this.records.get(userId) ?? NEVER_CONNECTED;
    return combine('online', connections, active);
  }

  /** Whether anything is stored of the user but that somebody has left, who may have been erased since. */
  knows(userId: string, atMs: number): boolean {
    const record = this.records.get(userId);
    if (record === undefined) return false;
    return record.connections > 0 || record.claims !== null || hasChosen(settled(record, atMs));
  }

  /** Whose username it is, of those that are known here; `undefined`: nobody's. */
  idOf(username: string, atMs: number): string | undefined {
    if (this.knows(username, atMs) && this.profile(username).username === username) return username;
    return this.claimants.idsOf(username).find((userId) => this.profile(userId).username === username);
  }

  /** Who has claimed which username. Made when somebody is first asked for by one: few ever are. */
  private get claimants(): NameIndex {
    if (this.usernames === undefined) {
      this.usernames = new NameIndex();
      for (const [userId, { claims }] of this.records) this.usernames.set(userId, claims?.username);
    }
    return this.usernames;
  }

  /** What the user has chosen, if anything; it may be over by now, which the store finds when it is written. */
  choiceOf(userId: string): ChosenStatus | undefined {
    const record = this.records.get(userId);
    if (record === undefined || !hasChosen(record)) return undefined;
    const { chosen, text, untilMs, erasedAtMs } = record;
    return { status: chosen, statusText: text, untilMs, erasedAtMs };
  }

  profile(userId: string): Profile {
    return this.profileOf(userId, this.records.get(userId));
  }

  /** The same, kept for whoever asks next: for those who show everybody again and again. */
  keptProfile(userId: string): Profile {
    const kept = this.profilesShown.get(userId);
    if (kept !== undefined) return kept;
    const profile = this.profile(userId);
    // Nothing would tell when that of somebody without a record has changed.
    if (this.records.has(userId)) this.profilesShown.set(userId, profile);
    return profile;
  }

  /** Everybody who is not offline at `atMs`, bots included, as a JSON array; the same Buffer as long as nothing changes. */
  full(atMs: number): Buffer {
    const kept = this.fullList;
    if (kept !== undefined && kept.fromMs <= atMs && atMs < kept.untilMs) return kept.json;
    const rows: string[] = [];
    for (const userId of this.everybody()) this.pushUnlessOffline(rows, userId, atMs);
    const json = Buffer.from(`[${rows.join(',')}]`);
    this.fullList = { json, fromMs: atMs, untilMs: this.index.nextEffectAfter(atMs) };
    return json;
  }

  /** Those of `userIds` who are not offline at `atMs`, as a JSON array. */
  of(userIds: Iterable<string>, atMs: number): string {
    const rows: string[] = [];
    for (const userId of userIds) this.pushUnlessOffline(rows, userId, atMs);
    return `[${rows.join(',')}]`;
  }

  /** Everybody but `exceptUserId` whose presence changed at or after `fromMs`, also who is offline now, as a JSON array. */
  since(fromMs: number, atMs: number, exceptUserId: string): string {
    this.showAt(atMs);
    const texts = this.index.textSince(fromMs, exceptUserId, this.records.get(exceptUserId), this.textOf);
    return `[${texts.slice(1)}]`;
  }

  /** How many rows `since` is put together from, or some more. */
  countSince(fromMs: number): number {
    return this.index.countSince(fromMs);
  }

  /** What a user says of a change, with a comma before it; nothing if it is not the one that is shown. */
  private readonly textOf = (userId: string, stampMs: number): string => {
    const record = this.records.get(userId);
    if (record === undefined) return '';
    const shown = shownAt(record, this.shownMs);
    if (shown.stampMs !== stampMs) return '';
    const { json, bot } = this.rowOf(userId, shown);
    return bot ? '' : `,${json}`;
  };

  /** Departures and the ends of choices take effect as time goes by; it goes back, too, while the store is away. */
  private showAt(atMs: number): void {
    const [earlierMs, laterMs] = atMs < this.shownMs ? [atMs, this.shownMs] : [this.shownMs, atMs];
    for (const userId of this.index.takingEffect(earlierMs, laterMs)) {
      const record = this.records.get(userId);
      if (record !== undefined) this.index.changed(userId, record);
    }
    this.shownMs = atMs;
  }

  /** The user's row, unless a watcher of how it was before sees no difference. */
  rowIfChanged(userId: string, before: UserRecord | undefined, fromMs: number, atMs: number): PresenceRow | undefined {
    const record = this.records.get(userId) ?? NEVER_CONNECTED;
    const was = shownAt(before ?? NEVER_CONNECTED, fromMs);
    const is = shownAt(record, atMs);
    if (was.status === is.status && was.text === is.text) return undefined;
    const profile = this.keptProfile(userId);
    return profile.bot ? undefined : presenceRow(userId, profile, is);
  }

  /** The rows of those who are not offline, of everybody or of some. */
  rows(atMs: number, userIds?: Iterable<string>): PresenceRow[] {
    const rows: PresenceRow[] = [];
    for (const userId of userIds ?? this.everybody()) {
      const profile = this.keptProfile(userId);
      const shown = this.rowAt(userId, atMs, profile.bot);
      if (shown.status !== 'offline') rows.push(presenceRow(userId, profile, shown));
    }
    return rows;
  }

  /** Whose status changes by itself after one moment and not after the other, and others if that is too long ago. */
  takingEffect(afterMs: number, toMs: number): Iterable<string> {
    return this.index.isKeptSince(afterMs) ? this.index.takingEffect(afterMs, toMs) : this.records.keys();
  }

  /** How many that are, counted up to `most`. */
  countTakingEffect(afterMs: number, toMs: number, most: number): number {
    if (!this.index.isKeptSince(afterMs)) return this.records.size;
    let count = 0;
    const all = this.index.takingEffect(afterMs, toMs)[Symbol.iterator]();
    while (count < most && all.next().done !== true) count += 1;
    return count;
  }

  /** The user's row, whatever was shown before; `undefined` for a bot, of whom there is no news. */
  row(userId: string, atMs: number): PresenceRow | undefined {
    const profile = this.keptProfile(userId);
    return profile.bot ? undefined : presenceRow(userId, profile, this.rowAt(userId, atMs, false));
  }

  nextEffectAfter(atMs: number): number {
    return this.index.nextEffectAfter(atMs);
  }

  /** Everybody's profile may be another one, and other users may be bots. */
  allChanged(): void {
    for (const userId of new Set([...this.records.keys(), ...this.rowJson.keys()])) this.changed(userId);
    this.profilesShown.clear();
    this.fullList = undefined;
    this.edits += 1;
  }

  /** Those of whom there is a record, and the bots. */
  private *everybody(): Iterable<string> {
    yield* this.records.keys();
    for (const userId of this.profiles.bots()) if (!this.records.has(userId)) yield userId;
  }

  private drop(userId: string): void {
    this.rowJson.delete(userId);
    this.profilesShown.delete(userId);
    this.fullList = undefined;
  }

  private pushUnlessOffline(rows: string[], userId: string, atMs: number): void {
    const shown = this.rowAt(userId, atMs);
    if (shown.status !== 'offline') rows.push(this.rowOf(userId, shown).json);
  }

  private rowAt(userId: string, atMs: number, isBot?: boolean): ShownRow {
    const record = this.records.get(userId);
    const shown = record === undefined ? NOBODY : shownAt(record, atMs);
    return (isBot ?? this.isBot(userId, record)) ? { status: 'online', text: shown.text } : shown;
  }

  private isBot(userId: string, record: UserRecord | undefined): boolean {
    return this.rowJson.get(userId)?.bot ?? this.profileOf(userId, record).bot;
  }

  private profileOf(userId: string, record: UserRecord | undefined): Profile {
    return this.profiles.profileOf(userId, record?.claims ?? null);
  }

  private rowOf(userId: string, { status, text }: ShownRow): RowJson {
    const kept = this.rowJson.get(userId);
    if (kept?.status === status && kept.text === text) return kept;
    const record = this.records.get(userId);
    const profile = this.profileOf(userId, record);
    const row = presenceRow(userId, profile, { status, text });
    const made = { status, text, json: JSON.stringify(row), bot: profile.bot };
    // Rows of users without a record (bots, mostly) are made afresh: nothing would tell when to drop them.
    if (record !== undefined) this.rowJson.set(userId, made);
    return made;
  }
}

function presenceRow(userId: string, profile: Profile, { status, text }: ShownRow): PresenceRow {
  return {
    _id: userId,
    name: profile.name,
    username: profile.username,
    status,
    utcOffset: profile.utcOffset,
    ...(profile.avatarETag === undefined ? {} : { avatarETag: profile.avatarETag }),
    ...(text === '' ? {} : { statusText: text }),
  };
}
