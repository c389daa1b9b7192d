/*
 * Channels of one host that joins on this pod are just making. How many of them a view does not show yet is counted once
 * for each place that the view comes to, and kept from then on: when a host is full, each further join asks for it, and
 * thousands of joins may come before the view moves.
 */
import type { RosterView } from '@rollcall/roster';
import type { Place } from './place';

interface Making {
  readonly place: Place;
  joins: number;
  /** Where the view was when it was last counted, it did not show this one. */
  isUnseen: boolean;
}

export class MadeChannels {
  private readonly rooms = new Map<string, Making>();
  private unseen = 0;
  /** What `unseen` was counted in; a view of the same revision shows the same. */
  private counted: { readonly view: RosterView; readonly revision: number } | undefined;

  get size(): number {
    return this.rooms.size;
  }

  has({ room }: Place): boolean {
    return this.rooms.has(room);
  }

  /** A join makes a channel that the view does not show now, until what is returned is called. */
  begin(place: Place): () => void {
    const making = this.rooms.get(place.room) ?? this.add(place);
    making.joins += 1;
    return () => {
      making.joins -= 1;
      if (making.joins > 0) return;
      this.rooms.delete(place.room);
      if (making.isUnseen) this.unseen -= 1;
    };
  }

  /** How many of them a view does not show; all, where there is none. */
  unseenIn(view: RosterView | undefined): number {
    if (view === undefined) return this.size;
    const { revision } = view.head;
    if (this.counted?.view !== view || this.counted.revision !== revision) {
      this.count(view);
      this.counted = { view, revision };
    }
    return this.unseen;
  }

  /** If the view has moved since it was counted, all are counted anew before anybody is told. */
  private add(place: Place): Making {
    const making = { place, joins: 0, isUnseen: true };
    this.rooms.set(place.room, making);
    this.unseen += 1;
    return making;
  }

  private count(view: RosterView): void {
    this.unseen = 0;
    for (const making of this.rooms.values()) {
      making.isUnseen = view.count(making.place.kind, making.place.channel) === 0;
      if (making.isUnseen) this.unseen += 1;
    }
  }
}
