import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import {
  type ConnectionRow,
  type Profile,
  type Reading,
  RosterStore,
  StoreUnavailable,
  type UserDetails,
  UserDirectory,
} from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import type { Scope } from '../auth/apps.service';
import { Config } from '../config/config';
import type { UserConnectionDto, UserDto } from './users.dto';

/** Users as their app's back end sees them. */
@Injectable()
export class Users {
  constructor(
    private readonly directory: UserDirectory,
    private readonly accounts: Accounts,
    private readonly store: RosterStore,
    private readonly config: Config,
  ) {}

  async put({ app }: Scope, id: string, details: UserDetails): Promise<Profile> {
    await this.directory.put(app.id, id, details);
    return this.accounts.profileOf(app, id, null);
  }

  /** @throws AppError NOT_FOUND for a user that neither the app knows nor this host has connected, or remembers. */
  async get({ app, host }: Scope, id: string, { view, atMs }: Reading): Promise<UserDto> {
    const rows = view.connectionsOf(id);
    const seenAtMs = rows.length === 0 && app.presence.lastSeen ? await this.lastSeen(host, id) : undefined;
    if (rows.length === 0 && seenAtMs === undefined && this.accounts.detailsOf(app, id) === undefined) {
      throw new AppError('NOT_FOUND', `There is no user ${JSON.stringify(id)}.`);
    }
    const statusText = view.presence.textAt(id, atMs);
    const endsAtMs = view.presence.choiceEndsAtMs(id, atMs);
    return {
      ...view.presence.profile(id),
      status: view.presence.statusAt(id, atMs),
      ...(statusText === '' ? {} : { statusText }),
      ...(endsAtMs === undefined ? {} : { statusExpiresAt: new Date(endsAtMs).toISOString() }),
      ...(seenAtMs === undefined ? {} : { lastSeenAt: new Date(seenAtMs).toISOString() }),
      connections: rows.map((row) => this.connectionOf(row)),
    };
  }

  /** While the store is away the rest can be answered, and this cannot. */
  private async lastSeen(host: string, id: string): Promise<number | undefined> {
    try {
      return await this.store.lastSeen(host, id);
    } catch (error) {
      if (error instanceof StoreUnavailable) return undefined;
      throw error;
    }
  }

  private connectionOf({ connectionId, pod, since, active, channels }: ConnectionRow): UserConnectionDto {
    return {
      connectionId,
      pod,
      dc: this.config.dc,
      since: new Date(since.atMs).toISOString(),
      idle: !active,
      channels: channels.map(({ channel, kind }) => ({ channel, kind })),
    };
  }
}
