import type { PresenceRow } from '@rollcall/contract';
import { sameFields } from './same-fields';
import { has, type Users } from './watched-users';

/** The presence rows that are known; who has none is offline. Ids are keys of a `Map`: `__proto__` is one like any other. */
export class PresenceBoard {
  private readonly rows = new Map<string, PresenceRow>();

  values(): Iterable<PresenceRow> {
    return this.rows.values();
  }

  /** Takes rows that came one after the other. Returns those that differ from what was known. */
  apply(rows: Iterable<PresenceRow>): PresenceRow[] {
    return [...rows].filter((row) => this.set(row));
  }

  /** Takes the rows in place of all that was known of these users. Returns what differs. */
  replace(rows: readonly PresenceRow[], users: Users): PresenceRow[] {
    const told = new Set(rows.map(({ _id }) => _id));
    const gone = [...this.rows.values()].filter(({ _id }) => has(users, _id) && !told.has(_id));
    for (const { _id } of gone) this.rows.delete(_id);
    return [...gone.map((row): PresenceRow => ({ ...row, status: 'offline' })), ...this.apply(rows)];
  }

  /** Forgets all others: nobody asks about them any more. */
  keep(users: Users): void {
    for (const id of [...this.rows.keys()]) if (!has(users, id)) this.rows.delete(id);
  }

  private set(row: PresenceRow): boolean {
    const known = this.rows.get(row._id);
    if (row.status === 'offline') return this.rows.delete(row._id);
    if (known !== undefined && sameFields(known, row)) return false;
    this.rows.set(row._id, row);
    return true;
  }
}
