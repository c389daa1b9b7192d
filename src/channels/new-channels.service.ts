/*
 * Channels that this pod's connections are just making, and that the host's view does not show yet: so that a burst of
 * joins makes no more of them than the host may have. Those that other pods are making at the same moment are not
 * known here, and may be too many. Written by joins, from before they begin until they show.
 */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type RosterView, Views } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import { MadeChannels } from './made-channels';
import type { Place } from './place';

@Injectable()
export class NewChannels {
  private readonly hosts = new Map<string, MadeChannels>();

  constructor(private readonly views: Views) {}

  /** Makes room for a channel, if it is a new one, until it is given back. @throws AppError RATE_LIMITED */
  begin({ host, visitor }: Connection, place: Place): () => void {
    const view = this.views.current(host);
    if (view !== undefined && view.count(place.kind, place.channel) > 0) return () => undefined;
    const made = this.hosts.get(host) ?? new MadeChannels();
    const { channelsPerHost } = visitor.app.limits;
    if (!made.has(place) && isFull(view, made, channelsPerHost)) {
      throw new AppError('RATE_LIMITED', `There may be ${channelsPerHost} channels on this host at most.`, 'channel');
    }
    const done = made.begin(place);
    this.hosts.set(host, made);
    return () => {
      done();
      if (made.size === 0 && this.hosts.get(host) === made) this.hosts.delete(host);
    };
  }
}

function isFull(view: RosterView | undefined, made: MadeChannels, limit: number): boolean {
  const shown = view?.activeChannels ?? 0;
  if (shown + made.size < limit) return false;
  // Some may show already, whose joins have not been answered yet.
  return shown + made.unseenIn(view) >= limit;
}
