/*
 * Changes of a roster at a steady rate: newcomers who connect, join a room and go again, and members who join and
 * leave channels of their own. What is due is worked out from the clock, so a late tick makes up for itself.
 */
import { type Dialect, roomOf, wordsOf } from './dialect';
import { Member } from './member';

export interface ChangeRates {
  readonly dialect: Dialect;
  readonly ports: readonly number[];
  readonly rooms: number;
  /** Newcomers a second; each is three changes (connected, joined, disconnected). */
  readonly newcomers: number;
  /** Joins a second by members who stay; each is followed by a leave. */
  readonly joins: number;
}

const TICK_MS = 5;

/** Far above every other user's number. */
export const FIRST_NEWCOMER = 1_000_000;

/** How many newcomers stay at a time. */
const STAYING = 100;

/** How many joined channels are open at a time: a join is left again when so many others have been made. */
const JOINED = 200;

export class Changes {
  private readonly words;
  private readonly newcomers: Member[] = [];
  private readonly joined: { readonly member: Member; readonly channel: string }[] = [];
  private readonly stable: Member[];
  private readonly pending = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private beganAt = 0;
  private came = 0;
  private joins = 0;
  private acknowledged = 0;
  private failure: Error | undefined;

  constructor(
    private readonly rates: ChangeRates,
    members: ReadonlyMap<number, Member>,
  ) {
    this.words = wordsOf(rates.dialect);
    this.stable = [...members.values()];
  }

  start(): void {
    this.beganAt = performance.now();
    this.timer = setInterval(() => this.catchUp(), TICK_MS);
  }

  /** Ends it all and puts everything back. @returns changes a second. */
  async stop(): Promise<number> {
    clearInterval(this.timer);
    const seconds = (performance.now() - this.beganAt) / 1000;
    const perSecond = this.acknowledged / seconds;
    await Promise.all(this.pending);
    await Promise.all(this.newcomers.map((member) => member.leave()));
    await Promise.all(this.joined.map(({ member, channel }) => member.ask(this.words.leave, { channel })));
    if (this.failure !== undefined) throw this.failure;
    return perSecond;
  }

  private catchUp(): void {
    const seconds = (performance.now() - this.beganAt) / 1000;
    for (; this.came < seconds * this.rates.newcomers; this.came += 1) this.track(this.welcome(this.came));
    for (; this.joins < seconds * this.rates.joins; this.joins += 1) this.track(this.join(this.joins));
  }

  private track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => (this.failure ??= error as Error))
      .then(() => void this.pending.delete(tracked));
    this.pending.add(tracked);
  }

  private async welcome(number: number): Promise<void> {
    const { ports, rooms } = this.rates;
    const user = FIRST_NEWCOMER + number;
    const port = ports[number % ports.length] as number;
    const { readyEvent } = this.words;
    const member = await Member.open({ port, auth: this.words.auth(user), readyEvent });
    await member.ask(this.words.join, { channel: roomOf(user, rooms) });
    this.acknowledged += 2;
    this.newcomers.push(member);
    if (this.newcomers.length <= STAYING) return;
    await this.newcomers.shift()?.leave();
    this.acknowledged += 1;
  }

  private async join(number: number): Promise<void> {
    const member = this.stable[number % this.stable.length];
    if (member === undefined) return;
    const channel = `lobby-${number % 50}`;
    await member.ask(this.words.join, { channel });
    this.acknowledged += 1;
    this.joined.push({ member, channel });
    const oldest = this.joined.length > JOINED ? this.joined.shift() : undefined;
    if (oldest === undefined) return;
    await oldest.member.ask(this.words.leave, { channel: oldest.channel });
    this.acknowledged += 1;
  }
}
