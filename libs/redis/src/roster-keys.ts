/** The names of a data centre's keys. All keys of a host lie in one slot. */
export class RosterKeys {
  /** `prefix`: `<prefix>:<dc>`, the first part of every key. */
  constructor(private readonly prefix: string) {}

  of(host: string, part: 'meta' | 'leases' | 'users' | 'gone' | 'log' | 'seen'): string {
    return `${this.host(host)}:${part}`;
  }

  /** The rows of one pod. */
  rows(host: string, instance: string): string {
    return `${this.host(host)}:m:${instance}`;
  }

  /** What the scripts of the roster take, in their order; the last one only where it is remembered who was last seen when. */
  ofScript(host: string, instance: string, remembersSeen = false): string[] {
    const parts = ['meta', 'leases', 'users', 'gone', 'log'] as const;
    const keys = [...parts.map((part) => this.of(host, part)), this.rows(host, instance)];
    return remembersSeen ? [...keys, this.of(host, 'seen')] : keys;
  }

  /** The hosts that may have a table of who was last seen when. */
  get seenHosts(): string {
    return `{${this.prefix}}:seen-hosts`;
  }

  get hosts(): string {
    return `{${this.prefix}}:hosts`;
  }

  get format(): string {
    return `{${this.prefix}}:format`;
  }

  private host(host: string): string {
    return `{${this.prefix}:${host}}`;
  }
}
