import type { ChannelKind } from '@rollcall/contract';

/** When something entered the store: the number of the change, and the store's time. */
export interface Since {
  readonly revision: number;
  readonly atMs: number;
}

/** One connection in one channel; `since` orders the members of a channel. */
export interface Membership {
  readonly kind: ChannelKind;
  readonly channel: string;
  readonly since: number;
}

/** One connection as the store holds it. Built-in and tab channels are not stored: they follow from the row. */
export interface ConnectionRow {
  readonly connectionId: string;
  readonly pod: string;
  /** `null`: anonymous. */
  readonly userId: string | null;
  /** `false` while the client reports itself idle. */
  readonly active: boolean;
  readonly since: Since;
  readonly channels: readonly Membership[];
}

/** A pod's public name on a host: a life that had to register anew is another pod. */
export const podId = ({ instance, generation }: { readonly instance: string; readonly generation: number }): string =>
  `${instance}.${generation}`;
