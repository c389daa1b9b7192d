/*
 * What this pod knows of its own connections on one host, and what the store is known to have of them. The difference
 * between the two is what has to be written. Only the local roster writes here.
 */
import type { ChannelKind } from '@rollcall/contract';
import type { UserClaims } from './profile';
import type { Head, RowState, RowWrite, Standing } from './roster.store';
import type { ConnectionRow, Since } from './row';

export interface LocalMembership {
  readonly kind: ChannelKind;
  readonly channel: string;
  /** Known once the store has answered. */
  since?: number;
}

export interface LocalConnection {
  readonly userId: string | null;
  readonly claims: UserClaims | null;
  readonly erasedAtMs: number;
  readonly tenant: number;
  active: boolean;
  since?: Since;
  /** Replaced, never changed in place: what was sent must stay as it was. */
  channels: readonly LocalMembership[];
}

/** What the store has of a connection. */
interface Shadow {
  readonly userId: string | null;
  readonly active: boolean;
  readonly channels: readonly LocalMembership[];
}

/** One row on its way to the store. */
export interface Sent extends RowWrite {
  readonly memberships: readonly LocalMembership[];
  readonly connection: LocalConnection | undefined;
}

export class LocalConnections {
  private readonly truth = new Map<string, LocalConnection>();
  private readonly shadow = new Map<string, Shadow>();

  get size(): number {
    return this.truth.size;
  }

  /** How many rows the store has of this pod, as far as is known. */
  get stored(): number {
    return this.shadow.size;
  }

  get(connectionId: string): LocalConnection | undefined {
    return this.truth.get(connectionId);
  }

  set(connectionId: string, connection: LocalConnection): void {
    this.truth.set(connectionId, connection);
  }

  delete(connectionId: string): boolean {
    return this.truth.delete(connectionId);
  }

  /** All ids that the truth or the store knows. */
  ids(): Set<string> {
    return new Set([...this.truth.keys(), ...this.shadow.keys()]);
  }

  /** Who is here, each as the last who came. */
  users(): Map<string, Required<Standing>> {
    const users = new Map<string, Required<Standing>>();
    for (const { userId, erasedAtMs, tenant } of this.truth.values()) {
      if (userId !== null) users.set(userId, { erasedAtMs, tenant });
    }
    return users;
  }

  /** The write that takes the store from what it has to the truth, if there is one. */
  difference(connectionId: string): Sent[] {
    const connection = this.truth.get(connectionId);
    const shadow = this.shadow.get(connectionId);
    if (connection === undefined) {
      return shadow === undefined ? [] : [{ connectionId, row: null, memberships: [], connection }];
    }
    if (shadow !== undefined && isSame(shadow, connection)) return [];
    const { userId, claims, erasedAtMs, tenant, active, since, channels } = connection;
    const row: RowState = {
      userId,
      claims,
      erasedAtMs,
      tenant,
      active,
      since,
      channels: channels.map((membership) => ({ ...membership })),
    };
    return [{ connectionId, row, memberships: channels, connection }];
  }

  /** The writes are in the store, each with a revision of its own, up to that of the head. */
  acknowledge(sent: readonly Sent[], usersSent: number, { revision, atMs }: Head): void {
    const before = revision - sent.length - usersSent;
    sent.forEach(({ connectionId, row, memberships, connection }, index) => {
      if (row === null || connection === undefined) {
        this.shadow.delete(connectionId);
        return;
      }
      const own = before + index + 1;
      connection.since ??= { revision: own, atMs };
      for (const membership of memberships) membership.since ??= own;
      this.shadow.set(connectionId, { userId: row.userId, active: row.active, channels: memberships });
    });
  }

  /** What the store has after all: the truth adopts what it was never told (the answer to its write was lost). */
  recover(rows: readonly ConnectionRow[]): void {
    this.shadow.clear();
    for (const { connectionId, userId, active, since, channels } of rows) {
      this.shadow.set(connectionId, { userId, active, channels });
      const connection = this.truth.get(connectionId);
      if (connection === undefined || connection.userId !== userId) continue;
      connection.since ??= since;
      for (const membership of connection.channels) {
        membership.since ??= channels.find(
          (one) => one.kind === membership.kind && one.channel === membership.channel,
        )?.since;
      }
    }
  }
}

/** A membership that was left and joined again is another one, with a new place in the order: it has no `since` yet. */
const isSame = (shadow: Shadow, truth: LocalConnection): boolean =>
  truth.since !== undefined &&
  shadow.userId === truth.userId &&
  shadow.active === truth.active &&
  shadow.channels.length === truth.channels.length &&
  shadow.channels.every(({ kind, channel, since }, index) => {
    const other = truth.channels[index];
    return other?.since !== undefined && other.since === since && other.kind === kind && other.channel === channel;
  });
