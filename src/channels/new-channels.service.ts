/*
 * Channels that this pod's connections are just making, and that the host's view does not show yet: so that a burst of
 * joins makes no more of them than the host may have. Those that other pods are making at the same moment are not
 * known here, and may be too many. Written by joins, from before they begin until they show.
 */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type RosterView, Views } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import type { Place } from './place';

interface Making {
  readonly place: Place;
  joins: number;
}

@Injectable()
export class NewChannels {
  /** By host and room. */
  private readonly hosts = new Map<string, Map<string, Making>>();

  constructor(private readonly views: Views) {}

  /** Makes room for a channel, if it is a new one, until it is given back. @throws AppError RATE_LIMITED */
  begin({ host, visitor }: Connection, place: Place): () => void {
    const view = this.views.current(host);
    if (view !== undefined && isShown(view, place)) return () => undefined;
    const made = this.hosts.get(host) ?? new Map<string, Making>();
    const making = made.get(place.room) ?? { place, joins: 0 };
    const { channelsPerHost } = visitor.app.limits;
    if (making.joins === 0 && isFull(view, made, channelsPerHost)) {
      throw new AppError('RATE_LIMITED', `There may be ${channelsPerHost} channels on this host at most.`, 'channel');
    }
    making.joins += 1;
    this.hosts.set(host, made.set(place.room, making));
    return () => {
      making.joins -= 1;
      if (making.joins === 0) made.delete(place.room);
      if (made.size === 0 && this.hosts.get(host) === made) this.hosts.delete(host);
    };
  }
}

const isShown = (view: RosterView, { kind, channel }: Place): boolean => view.count(kind, channel) > 0;

function isFull(view: RosterView | undefined, made: ReadonlyMap<string, Making>, limit: number): boolean {
  const shown = view?.activeChannels ?? 0;
  if (shown + made.size < limit) return false;
  // Some may show already, whose joins have not been answered yet.
  const unseen = [...made.values()].filter(({ place }) => view === undefined || !isShown(view, place));
  return shown + unseen.length >= limit;
}
