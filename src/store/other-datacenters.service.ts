import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Apps } from '../auth/apps.service';
import { Config } from '../config/config';
import { FollowedDatacenter } from './followed-datacenter';
import { Stores } from './stores';
import { TIDY_EVERY_MS } from './timing';

/** The other data centres. A host there is followed from the first question about it until nobody has asked for a while. */
@Injectable()
export class OtherDatacenters implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly all: readonly FollowedDatacenter[];
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    { others }: Stores,
    apps: Apps,
    private readonly config: Config,
  ) {
    this.all = others.map((other) => new FollowedDatacenter(other, apps, config));
  }

  onApplicationBootstrap(): void {
    const beat = (): void => this.all.forEach((one) => one.beat());
    const tidy = (): void => this.all.forEach(({ views }) => views.dropIdle());
    this.timers.push(setInterval(beat, this.config.beatMs).unref(), setInterval(tidy, TIDY_EVERY_MS).unref());
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers) clearInterval(timer);
    for (const { views } of this.all) views.close();
  }
}
