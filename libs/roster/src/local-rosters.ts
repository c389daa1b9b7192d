/*
 * This pod's rosters, one a host on which it has connections, and their life signs: every beat each of them renews its
 * lease, looks whether the store has what was sent, and finishes off pods that are gone. A roster that has become empty
 * and quiet is let go.
 */
import { LocalRoster, type LocalRosterOptions } from './local-roster';
import { type Head, type Lease, StoreUnavailable } from './roster.store';
import { LeaseNotes } from './lease-notes';

export interface LocalRostersOptions extends Omit<
  LocalRosterOptions,
  'host' | 'beforeOpen' | 'choiceOf' | 'livesBefore'
> {
  readonly beatMs: number;
  readonly beforeOpen?: (host: string) => Promise<void>;
  readonly choiceOf: (host: string, userId: string) => ReturnType<LocalRosterOptions['choiceOf']>;
  /** Each beat tells where the store is: a view that missed the last entry learns it so. */
  readonly onHead: (host: string, head: Head) => void;
}

/** More at once would keep everybody else of this pod waiting. */
const HOSTS_AT_ONCE = 100;

export class LocalRosters {
  private readonly rosters = new Map<string, LocalRoster>();
  private readonly notes = new Map<string, LeaseNotes>();
  /** The most that a roster had that was let go. */
  private livesBefore = 0;
  private beating = false;
  private beatDue = false;

  constructor(private readonly options: LocalRostersOptions) {}

  of(host: string): LocalRoster {
    let roster = this.rosters.get(host);
    if (roster === undefined) {
      const { beforeOpen, choiceOf, ...options } = this.options;
      roster = new LocalRoster({
        ...options,
        host,
        livesBefore: this.livesBefore,
        beforeOpen: () => beforeOpen?.(host) ?? Promise.resolve(),
        choiceOf: (userId) => choiceOf(host, userId),
      });
      this.rosters.set(host, roster);
    }
    return roster;
  }

  /** The hosts on which this pod has connections. */
  hosts(): string[] {
    return [...this.rosters].filter(([, roster]) => roster.size > 0).map(([host]) => host);
  }

  /** Whether the store has in this epoch what this pod has on the host. @throws StoreUnavailable */
  async isWritten(host: string, epoch: string): Promise<boolean> {
    const roster = this.rosters.get(host);
    if (roster === undefined || roster.isWrittenIn(epoch)) return true;
    // It may not have noticed yet that the epoch is another one.
    if (roster.isRegistered) await roster.beat();
    return roster.isWrittenIn(epoch);
  }

  /**
   * One beat on all hosts: those with a roster here, and those that the store has and nobody may look after. A beat that
   * falls due while another still waits for the store follows at once.
   */
  async beat(): Promise<void> {
    this.beatDue = true;
    if (this.beating) return;
    this.beating = true;
    while (this.beatDue) {
      this.beatDue = false;
      await this.beatOnce();
    }
    this.beating = false;
  }

  /** The pod ends: what the store has not taken by now is not tried again. */
  stop(): void {
    for (const roster of this.rosters.values()) roster.stop();
  }

  /** Gives back what is empty: the store then has nothing of this pod there. */
  async dropIdle(): Promise<void> {
    for (const [host, roster] of this.rosters) {
      if (!roster.isIdle) continue;
      await this.attempt(host, () => roster.close());
      const isKept = !roster.isIdle || roster.isRegistered || this.rosters.get(host) !== roster;
      if (isKept) continue;
      this.rosters.delete(host);
      this.livesBefore = Math.max(this.livesBefore, roster.life.generation);
    }
  }

  private async beatOnce(): Promise<void> {
    const own = [...this.rosters.values()].filter((roster) => roster.isRegistered);
    await Promise.all(own.map((roster) => this.attempt(roster.host, () => this.beatOn(roster))));
    try {
      // Where the list lies may be away while the hosts themselves are not: what was noted of their leases stays.
      const hosts = await this.options.store.hosts();
      const others = hosts.filter((host) => !this.rosters.get(host)?.isRegistered);
      for (let at = 0; at < others.length; at += HOSTS_AT_ONCE) {
        const some = others.slice(at, at + HOSTS_AT_ONCE);
        await Promise.all(some.map((host) => this.attempt(host, () => this.lookAt(host))));
      }
      for (const host of this.notes.keys()) if (!hosts.includes(host)) this.notes.delete(host);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.options.report(error);
    }
  }

  private async beatOn(roster: LocalRoster): Promise<void> {
    const { head, leases } = await roster.beat();
    this.options.onHead(roster.host, head);
    await this.sweep(roster.host, leases);
  }

  private async lookAt(host: string): Promise<void> {
    const leases = await this.options.store.leases(host);
    if (leases.some(({ instance }) => instance === this.options.instance)) this.of(host).reclaim();
    await this.sweep(host, leases);
  }

  private async sweep(host: string, leases: readonly Lease[]): Promise<void> {
    const notes = this.notes.get(host) ?? new LeaseNotes(2 * this.options.beatMs);
    this.notes.set(host, notes);
    for (const { instance, score } of notes.look(leases, this.options.instance, this.options.timing.now())) {
      let swept = await this.options.store.sweep(host, instance, score, '0');
      while (swept.state === 'more') swept = await this.options.store.sweep(host, instance, 0, swept.cursor);
    }
  }

  private async attempt(host: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.notes.get(host)?.clear();
      if (!(error instanceof StoreUnavailable)) this.options.report(error);
    }
  }
}
