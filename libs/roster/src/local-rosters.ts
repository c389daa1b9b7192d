/*
 * This pod's rosters, one a host on which it has connections. A roster that has become empty and quiet is let go.
 */
import { LocalRoster, type LocalRosterOptions } from './local-roster';

export class LocalRosters {
  private readonly rosters = new Map<string, LocalRoster>();
  private sequence = 0;

  constructor(private readonly options: Omit<LocalRosterOptions, 'host' | 'nextSequence'>) {}

  of(host: string): LocalRoster {
    let roster = this.rosters.get(host);
    if (roster === undefined) {
      roster = new LocalRoster({ ...this.options, host, nextSequence: () => (this.sequence += 1) });
      this.rosters.set(host, roster);
    }
    return roster;
  }

  /** The hosts on which this pod has connections. */
  hosts(): string[] {
    return [...this.rosters].filter(([, roster]) => roster.size > 0).map(([host]) => host);
  }

  dropIdle(): void {
    for (const [host, roster] of this.rosters) if (roster.isIdle) this.rosters.delete(host);
  }
}
