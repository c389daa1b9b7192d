/*
 * The ids that wait for their turn with the watches that name them, in this process's memory. Many connections of a user
 * may ask many times each; what they may wait with together is bounded by its bytes.
 */
import { AppError } from '@rollcall/contract';
import type { Connection } from '../sockets/connection';

/** A hundred tabs that come back, each to a thousand users with ids as long as UUIDs, have 14 MB. */
const WAITING_MAX_BYTES = 16_777_216;

/** Of a text and its place in a set, besides its characters. */
const ID_BYTES = 64;
const CHARACTER_BYTES = 2;

export class WaitingIds {
  /** Of each user of a host who waits. */
  private readonly bytes = new Map<string, number>();

  /**
   * Does work that holds ids until it ends.
   *
   * @throws AppError RATE_LIMITED if the user waits with too many already.
   */
  async during<Answer>(
    { host, visitor }: Connection,
    ids: ReadonlySet<string> | undefined,
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    // Neither has line feeds.
    const whose = `${host}\n${visitor.user?.id ?? ''}`;
    const bytes = bytesOf(ids);
    const before = this.bytes.get(whose) ?? 0;
    if (before + bytes > WAITING_MAX_BYTES) {
      throw new AppError('RATE_LIMITED', 'The lists of ids that a user waits for may have 16 MiB together.');
    }
    this.bytes.set(whose, before + bytes);
    try {
      return await work();
    } finally {
      const after = (this.bytes.get(whose) ?? 0) - bytes;
      if (after > 0) this.bytes.set(whose, after);
      else this.bytes.delete(whose);
    }
  }
}

function bytesOf(ids: ReadonlySet<string> | undefined): number {
  let bytes = 0;
  for (const id of ids ?? []) bytes += ID_BYTES + CHARACTER_BYTES * id.length;
  return bytes;
}
