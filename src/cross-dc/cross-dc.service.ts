import { Injectable } from '@nestjs/common';
import { Views } from '@rollcall/roster';
import { Config } from '../config/config';
import { type Asked, type Said, type TotalsAnswer, totalsOf } from './datacenter-totals';

/** Asks each data centre about a host, and adds up what they said. So far there is this pod's own. */
@Injectable()
export class CrossDc {
  constructor(
    private readonly views: Views,
    private readonly config: Config,
  ) {}

  async totals(host: string, asked: Asked): Promise<TotalsAnswer> {
    const nowMs = performance.now();
    const here = await this.here(host, asked, nowMs);
    return totalsOf([here], asked, nowMs, Infinity);
  }

  private async here(host: string, { includeUsers, dedupeUsers }: Asked, nowMs: number): Promise<Said> {
    const { view, staleMs } = await this.views.read(host);
    return {
      dc: this.config.dc,
      heardAtMs: nowMs - staleMs,
      answeredNow: staleMs === 0,
      figures: {
        ...view.totals,
        ...(includeUsers && dedupeUsers ? { usersJson: view.usersJson() } : {}),
        ...(includeUsers && !dedupeUsers ? { userConnectionsJson: view.userConnectionsJson() } : {}),
      },
    };
  }
}
