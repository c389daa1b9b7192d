import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import type { Visitor } from '../auth/socket.door';
import { Config } from '../config/config';
import type { RollcallSocket } from './connection';
import { peerAddress } from './peer-address';
import { Places } from './places.service';

/**
 * How many may be connected. This pod's own are counted exactly; those of other pods as the host's view has them, which
 * is behind by what is on its way: newcomers that knock at several pods at the same moment may be a few too many.
 */
@Injectable()
export class ConnectionLimits {
  constructor(
    private readonly config: Config,
    private readonly views: Views,
    private readonly places: Places,
  ) {}

  /** @throws AppError RATE_LIMITED if all places of the newcomer's address are taken. */
  checkAddress(socket: RollcallSocket, { app }: Visitor): void {
    if (app.limits.connectionsPerIp !== undefined) {
      this.check(this.addressOf(socket, app), 0, app.limits.connectionsPerIp, 'address');
    }
  }

  /** Takes the places of a newcomer until they are given back. @throws AppError RATE_LIMITED */
  async enter(socket: RollcallSocket, visitor: Visitor): Promise<() => void> {
    const { app, host, user } = visitor;
    const { instance } = this.config;
    // Without the store the last picture must do, and where there is none, this pod's own.
    const view = (await this.views.latest(host, 'readRoster'))?.view;
    const { connectionsPerHost, connectionsPerUser, connectionsPerIp } = app.limits;
    // Hosts, ids and addresses have no line feeds.
    const ofHost = `host\n${host}`;
    const keys = [ofHost];
    this.check(ofHost, view?.connectionsBeside(instance), connectionsPerHost, 'host');
    if (user !== null) {
      const ofUser = `user\n${host}\n${user.id}`;
      keys.push(ofUser);
      this.check(ofUser, view?.connectionsOfBeside(user.id, instance), connectionsPerUser, 'user of this host');
    }
    // Others may have come from there meanwhile.
    this.checkAddress(socket, visitor);
    if (connectionsPerIp !== undefined) keys.push(this.addressOf(socket, app));
    return this.places.take(keys);
  }

  private addressOf({ handshake: { headers, address } }: RollcallSocket, { id }: Visitor['app']): string {
    return `ip\n${id}\n${peerAddress(headers, address, this.config.trustProxy)}`;
  }

  private check(key: string, elsewhere: number | undefined, limit: number, whose: string): void {
    if (this.places.count(key) + (elsewhere ?? 0) < limit) return;
    throw new AppError('RATE_LIMITED', `There may be ${limit} connections of one ${whose} at most.`);
  }
}
