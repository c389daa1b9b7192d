/*
 * Real tabs in several data centres, and what every pod must say of all of them: the truth, as the clients know it.
 */
import { Cluster, type ClusterOptions } from '../../apps/cluster/src/cluster';
import { eventually } from './eventually';
import { type Answer, Faces } from './faces';
import { QUICK } from './redis-pod';
import { appsFile } from './rollcall';
import { shop, tabOf } from './shop';
import type { Tab } from './tab';
import { stopAfterTest } from './teardown';

export const HERE = 'localhost';
export const THERE = 'other.example.com';

/** About this one nobody asks. */
export const QUIET = 'quiet.example.com';

/** What is promised of a question, whatever has become of the other data centres. */
export const DC_TIMEOUT_MS = 300;

export interface Asked {
  readonly includeUsers?: boolean;
  readonly dedupeUsers?: boolean;
}

/** Every way to ask. */
export const ASKED: readonly Asked[] = [
  {},
  { dedupeUsers: false },
  { includeUsers: true },
  { includeUsers: true, dedupeUsers: false },
];

export class WorldPod extends Faces {
  constructor(
    readonly name: string,
    readonly dc: string,
    readonly port: number,
  ) {
    super();
  }

  totals(host = HERE, asked: Asked = {}): Promise<Answer> {
    return this.message('allusers', { ...asked }, { host });
  }
}

/** The state of each data centre, as an answer tells it; ages are left out. */
export function statesOf({ headers }: Answer): Record<string, string> {
  const parts = String(headers['x-rollcall-dc']).split(', ');
  return Object.fromEntries(parts.map((part) => part.replace(/;age=\d+$/, '').split('=') as [string, string]));
}

export interface Citizen {
  readonly tab: Tab;
  readonly dc: string;
  readonly host: string;
  readonly userId: string | undefined;
}

type Body = Record<string, unknown>;

export class World {
  /** In the order of connecting. */
  readonly citizens = new Set<Citizen>();
  readonly pods: readonly WorldPod[];

  private constructor(readonly cluster: Cluster) {
    this.pods = cluster.datacenters.flatMap(({ name: dc, pods }) =>
      pods.map(({ name, port }) => new WorldPod(name, dc, port)),
    );
  }

  /** The shop on two hosts in so many data centres. Each pod has already asked about both: it knows all the others. */
  static async start(options: Partial<ClusterOptions> = {}, settings: Record<string, number> = {}): Promise<World> {
    const times = Object.entries({ ...QUICK, DC_TIMEOUT_MS, ...settings }).map(([name, ms]) => [name, String(ms)]);
    const cluster = await Cluster.start({
      ...{ dcs: 3, pods: 2, appsFile: appsFile({ apps: [shop({ hosts: [HERE, THERE, QUIET] })] }), ...options },
      environment: { ...(Object.fromEntries(times) as Record<string, string>), ...options.environment },
    });
    stopAfterTest(() => cluster.stop());
    const world = new World(cluster);
    await world.expectTruth(20_000);
    return world;
  }

  get dcs(): string[] {
    return this.cluster.datacenters.map(({ name }) => name);
  }

  podsOf(dc: string): WorldPod[] {
    return this.pods.filter((pod) => pod.dc === dc);
  }

  /** The n-th pod of a data centre, from 0. */
  pod(dc: string, n = 0): WorldPod {
    const pod = this.podsOf(dc)[n];
    if (pod === undefined) throw new Error(`${dc} has no pod ${n}.`);
    return pod;
  }

  async enter(pod: WorldPod, userId?: string, host = HERE): Promise<Citizen> {
    const tab = await pod.open({ ...(userId === undefined ? {} : tabOf(userId)), host });
    const citizen = { tab, dc: pod.dc, host, userId };
    this.citizens.add(citizen);
    return citizen;
  }

  exit(citizen: Citizen): void {
    this.citizens.delete(citizen);
    citizen.tab.close();
  }

  /** What a data centre has of a host. */
  figuresOf(dc: string, host: string, { includeUsers = false, dedupeUsers = true }: Asked = {}): Body {
    const there = [...this.citizens].filter((one) => one.dc === dc && one.host === host);
    const ids = there.flatMap(({ userId }) => userId ?? []);
    const listed = dedupeUsers ? [...new Set(ids)] : ids;
    const anonymous = there.filter(({ userId }) => userId === undefined).length;
    if (!includeUsers) return { authenticated: listed.length, anonymous };
    const authenticated = listed.map((id) => ({ id, email: `${id}@example.com` }));
    return { authenticated, authenticatedCount: listed.length, anonymous };
  }

  /** The body of `/message/allusers`, for those data centres that it tells of. */
  bodyOf(host: string, asked: Asked = {}, dcs = this.dcs): Body {
    const figures = dcs.map((dc) => [dc, this.figuresOf(dc, host, asked)] as const);
    const counts = dcs.map((dc) => this.figuresOf(dc, host, { ...asked, includeUsers: false }));
    const sum = (key: string): number => counts.reduce((total, each) => total + (each[key] as number), 0);
    return {
      ...Object.fromEntries(figures),
      _total: { authenticated: sum('authenticated'), anonymous: sum('anonymous') },
    };
  }

  /** Now, at once: who has the acknowledgement of connecting is in the next answer of every data centre. */
  async expectNow(pod: WorldPod, host: string, asked: Asked): Promise<void> {
    const answer = await pod.totals(host, asked);
    expect([answer.status, statesOf(answer)]).toEqual([201, this.allLive()]);
    expect(answer.json).toEqual(this.bodyOf(host, asked));
  }

  async expectTruth(within = 5000): Promise<void> {
    for (const pod of this.pods) {
      for (const host of [HERE, THERE]) {
        for (const asked of ASKED) await eventually(() => this.expectNow(pod, host, asked), { within });
      }
    }
  }

  private allLive(): Record<string, string> {
    return Object.fromEntries(this.dcs.map((dc) => [dc, 'live']));
  }
}
