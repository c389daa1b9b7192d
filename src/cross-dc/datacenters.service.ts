import { Injectable } from '@nestjs/common';
import { PodRegistry, Views } from '@rollcall/roster';
import { Config } from '../config/config';
import { OtherDatacenters } from '../store/other-datacenters.service';
import { Datacenter, type Seen } from './datacenter';

export interface DatacenterSeen {
  readonly dc: string;
  /** `undefined`: it has never been heard of. */
  readonly seen: Seen | undefined;
}

/** This data centre and the others, asked together; none is waited for beyond `DC_TIMEOUT_MS`. */
@Injectable()
export class Datacenters {
  /** This one first, the others in the order of the configuration. */
  private readonly all: readonly Datacenter[];

  constructor(
    views: Views,
    pods: PodRegistry,
    { all: others }: OtherDatacenters,
    private readonly config: Config,
  ) {
    const own = new Datacenter({ dc: config.dc, views, pods });
    this.all = [own, ...others.map((other) => new Datacenter(other))];
  }

  /** `withUsers`: who they are will be shown, too. */
  look(host: string, withUsers: boolean): Promise<readonly DatacenterSeen[]> {
    return this.inTime((late) =>
      Promise.all(this.all.map(async (one) => ({ dc: one.dc, seen: await one.look(host, withUsers, late) }))),
    );
  }

  /** How many pods each has, or had when it last told; by data centre. */
  async pods(): Promise<ReadonlyMap<string, number | undefined>> {
    const pods = await this.inTime((late) =>
      Promise.all(this.all.map(async (one) => [one.dc, await one.pods(late)] as const)),
    );
    return new Map(pods);
  }

  private async inTime<Answer>(ask: (late: Promise<void>) => Promise<Answer>): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.config.dcTimeoutMs);
    });
    try {
      return await ask(late);
    } finally {
      clearTimeout(timer);
    }
  }
}
