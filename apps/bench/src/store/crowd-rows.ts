/* Rows of a crowd, as pods write them, without anybody being connected. */
import { randomUUID } from 'node:crypto';
import type { RosterStore, RowWrite } from '@rollcall/roster';
import { emailOf, roomOf, userId } from '../load/dialect';

/** As long as Socket.IO's ids are. */
export const connectionIdOf = (user: number): string => `bench-${user.toString(36).padStart(14, '0')}`;

export function crowdRow(user: number, rooms: number, active = true): RowWrite {
  const id = userId(user);
  const claims = { email: emailOf(user), username: id, name: `User ${user}` };
  const channels = rooms === 0 ? [] : [{ kind: 'authenticated' as const, channel: roomOf(user, rooms) }];
  return { connectionId: connectionIdOf(user), row: { userId: id, claims, active, channels } };
}

/** What one call may carry. */
const BATCH = 500;

/** Calls under way at a time. */
const AHEAD = 4;

/** One pod's life in the store, which writes rows as they come. */
export class RowWriter {
  private readonly life = { instance: randomUUID(), generation: 1 };
  private sequence = 0;

  constructor(
    private readonly store: RosterStore,
    private readonly host: string,
  ) {}

  async open(): Promise<void> {
    await this.store.open(this.host, this.life, undefined);
  }

  async write(rows: readonly RowWrite[]): Promise<void> {
    for (let from = 0; from < rows.length; from += BATCH * AHEAD) {
      const calls = Array.from({ length: AHEAD }, (_, n) => rows.slice(from + n * BATCH, from + (n + 1) * BATCH));
      await Promise.all(calls.filter((batch) => batch.length > 0).map((batch) => this.apply(batch)));
    }
  }

  private async apply(rows: readonly RowWrite[]): Promise<void> {
    const batch = { ...this.life, sequence: (this.sequence += 1), rows, users: [] };
    const applied = await this.store.apply(this.host, batch);
    if (applied.state !== 'ok') throw new Error(`The store answered a batch with "${applied.state}".`);
  }
}
