import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type ConnectionRow, type Profile, type UserDetails, UserDirectory, Views } from '@rollcall/roster';
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
    private readonly views: Views,
    private readonly config: Config,
  ) {}

  async put({ app }: Scope, id: string, details: UserDetails): Promise<Profile> {
    await this.directory.put(app.id, id, details);
    return this.accounts.profileOf(app, id, null);
  }

  /** @throws AppError NOT_FOUND for a user that neither the app knows nor this host has connected. */
  async get({ app, host }: Scope, id: string): Promise<UserDto> {
    const { view, atMs } = await this.views.read(host);
    const rows = view.connectionsOf(id);
    if (rows.length === 0 && this.accounts.detailsOf(app, id) === undefined) {
      throw new AppError('NOT_FOUND', `There is no user ${JSON.stringify(id)}.`);
    }
    const statusText = view.presence.record(id)?.text ?? '';
    return {
      ...view.presence.profile(id),
      status: view.presence.statusAt(id, atMs),
      ...(statusText === '' ? {} : { statusText }),
      connections: rows.map((row) => this.connectionOf(row)),
    };
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
