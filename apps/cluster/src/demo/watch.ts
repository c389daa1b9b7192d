import type { Cluster } from '../cluster';
import type { Served } from './demo-apps';
import type { Screen } from './screen';
import { askPod, type Sight } from './sight';

const EVERY_MS = 500;

/** Asks each data centre's first living pod again and again, and shows the answers. */
export class Watch {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly served: Served,
    private readonly screen: Screen,
  ) {}

  async look(): Promise<void> {
    const sights = await Promise.all(this.cluster.datacenters.map(({ name }) => this.sightOf(name)));
    if (this.stopped) return;
    this.screen.show(sights, this.troubles());
    // After the answers: who is slow is not asked twice at once.
    this.timer = setTimeout(() => void this.look(), EVERY_MS);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async sightOf(dc: string): Promise<Sight> {
    const pod = this.cluster.datacenter(dc).pods.find(({ up }) => up);
    if (pod === undefined) return { dc, seen: new Map() };
    const { host, apiKey = '' } = this.served;
    return { dc, pod: pod.name, ...(await askPod({ port: pod.port, host, apiKey })) };
  }

  private troubles(): string[] {
    const { datacenters, pods } = this.cluster;
    const dead = pods.filter(({ running }) => !running).map(({ name }) => `${name} is dead`);
    const lines = datacenters.flatMap(({ name }) => {
      const { cut, delayMs } = this.cluster.conditionOf(name);
      return [...(cut ? [`${name} is cut off`] : []), ...(delayMs > 0 ? [`${name} is ${delayMs} ms away`] : [])];
    });
    const all = [...dead, ...lines];
    return all.length === 0 ? [] : [all.join(', ')];
  }
}
