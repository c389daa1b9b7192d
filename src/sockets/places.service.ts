/*
 * How many connections this pod has, by whatever they are limited: by host, by user, by address. Written by the
 * admission of a socket, from before it is let in until it has gone, so that of many who come at once no more get in
 * than there is room for. A crash loses nothing but what is gone with it.
 */
import { Injectable } from '@nestjs/common';

@Injectable()
export class Places {
  private readonly taken = new Map<string, number>();

  count(key: string): number {
    return this.taken.get(key) ?? 0;
  }

  /** Those by which somebody has a place. */
  keys(): Iterable<string> {
    return this.taken.keys();
  }

  /** Takes a place by each key. Returns the way to give them back, which counts once. */
  take(places: readonly string[]): () => void {
    // As long as the connection, and with no room to spare, as a list that has grown would have.
    const keys = places.slice();
    for (const key of keys) this.add(key, 1);
    let held = true;
    return () => {
      if (held) for (const key of keys) this.add(key, -1);
      held = false;
    };
  }

  private add(key: string, by: number): void {
    const count = this.count(key) + by;
    if (count > 0) this.taken.set(key, count);
    else this.taken.delete(key);
  }
}
