/*
 * The names of all channels of a host as JSON, as they were last asked for: they are the same for everybody as long as the
 * host's view stays where it is, so that many who ask at a time cost little more than one. Goes with the view.
 */
import { Injectable } from '@nestjs/common';
import type { RosterView } from '@rollcall/roster';

@Injectable()
export class ChannelNames {
  private readonly made = new WeakMap<RosterView, { readonly revision: number; readonly json: Buffer }>();

  /** The names by kind: `{"authenticated":[…],"anonymous":[…]}`. */
  of(view: RosterView): Buffer {
    const { revision } = view.head;
    const known = this.made.get(view);
    if (known?.revision === revision) return known.json;
    const json = Buffer.from(JSON.stringify(view.channelNames()));
    this.made.set(view, { revision, json });
    return json;
  }
}
