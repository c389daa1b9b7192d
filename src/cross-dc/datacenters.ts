import { Datacenter, type Place, type Seen } from './datacenter';

export interface DatacenterSeen {
  readonly dc: string;
  /** `undefined`: it has never been heard of, or for too long. */
  readonly seen: Seen | undefined;
}

/** This data centre and the others, asked together; none is waited for beyond the timeout. */
export class Datacenters {
  private readonly all: readonly Datacenter[];

  /** `places`: this one first, the others in the order of the configuration. */
  constructor(
    places: readonly Place[],
    private readonly timeoutMs: number,
  ) {
    this.all = places.map((place) => new Datacenter(place));
  }

  /** `withUsers`: who they are will be shown, too. */
  look(host: string, withUsers: boolean): Promise<readonly DatacenterSeen[]> {
    return this.inTime((late) =>
      Promise.all(this.all.map(async (one) => ({ dc: one.dc, seen: await one.look(host, withUsers, late) }))),
    );
  }

  /** The same as they are now, for whoever has waited since: nobody is asked. */
  again(host: string, looked: readonly DatacenterSeen[]): readonly DatacenterSeen[] {
    return looked.map(({ dc, seen }, at) => ({ dc, seen: seen && (this.all[at]?.again(host, seen) ?? seen) }));
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
      // A process that stood still has answers waiting, which come before it says that they are late.
      timer = setTimeout(() => setImmediate(resolve), this.timeoutMs);
    });
    try {
      return await ask(late);
    } finally {
      clearTimeout(timer);
    }
  }
}
