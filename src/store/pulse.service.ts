import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { LocalRosters, StoreUnavailable, Views } from '@rollcall/roster';
import { Apps } from '../auth/apps.service';
import { KeyUses } from '../auth/key-uses.service';
import { Config } from '../config/config';
import { Connections } from '../sockets/connections.service';
import { Stores } from './stores';
import { TIDY_EVERY_MS } from './timing';

/** This pod's life signs: beats, news of itself, and tidying up. At the end it takes itself off the books. */
@Injectable()
export class Pulse implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('pulse');
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly startedAtMs = Date.now();
  private keepingUp = false;

  constructor(
    private readonly stores: Stores,
    private readonly rosters: LocalRosters,
    private readonly views: Views,
    private readonly connections: Connections,
    private readonly config: Config,
    private readonly keyUses: KeyUses,
    private readonly apps: Apps,
  ) {}

  onApplicationBootstrap(): void {
    // At once: the sooner a new pod has noted the leases of dead ones, the sooner it may sweep them.
    this.beat();
    this.timers.push(setInterval(() => this.beat(), this.config.beatMs));
    // After an absence there may be something to mend, and to sweep: the sooner, the better.
    this.stores.onReturn(() => this.beat());
    this.timers.push(setInterval(() => void this.tidy(), TIDY_EVERY_MS).unref());
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.attempt(() => this.rosters.dropIdle());
    this.rosters.stop();
    this.views.close();
    await this.attempt(() => this.stores.pods.withdraw(this.config.instance));
    await this.stores.close();
  }

  /** Signs of life wait for nothing else: a large view that is being loaded must not cost them. */
  private beat(): void {
    void this.attempt(() => this.rosters.beat());
    void this.attempt(() => this.announce());
    void this.keepUp();
  }

  private async announce(): Promise<void> {
    const { instance, dc, version } = this.config;
    await this.stores.pods.announce({
      ...{ instance, dc, version },
      startedAtMs: this.startedAtMs,
      connections: this.connections.size,
      viewLag: this.views.lag,
      keyUses: this.keyUses.latest(),
    });
  }

  private async keepUp(): Promise<void> {
    if (this.keepingUp) return;
    this.keepingUp = true;
    await this.attempt(async () => {
      // A view of each host with connections here: what users have chosen is then known, should Redis forget it.
      await Promise.all(this.rosters.hosts().map((host) => this.attempt(() => this.views.readRoster(host))));
      this.views.keepUp();
      await Promise.all(this.apps.all.map(({ id }) => this.attempt(() => this.stores.directory.refresh(id))));
    });
    this.keepingUp = false;
  }

  private async tidy(): Promise<void> {
    this.views.dropIdle();
    this.stores.trim();
    await this.attempt(() => this.stores.directory.trim(Date.now()));
    await this.attempt(() => this.rosters.dropIdle());
  }

  private async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isAway(error)) this.logger.error({ err: error }, 'A beat failed.');
    }
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof StoreUnavailable || (error instanceof AppError && error.code === 'UNAVAILABLE');
