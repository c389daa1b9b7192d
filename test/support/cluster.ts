import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Cluster, type ClusterOptions } from '../../apps/cluster/src/cluster';
import { CHECKOUT, POD_MAIN } from '../../apps/cluster/src/processes/checkout';
import type { PodProcess } from '../../apps/cluster/src/processes/pod-process';
import { Faces } from './faces';
import { stopAfterTest } from './teardown';

/** Data centres on this machine, ended after the test. */
export async function clusterForTest(options: ClusterOptions): Promise<Cluster> {
  if (!existsSync(POD_MAIN)) execFileSync('npm', ['run', 'build', '--silent'], { cwd: CHECKOUT });
  const cluster = await Cluster.start(options);
  stopAfterTest(() => cluster.stop());
  return cluster;
}

/** A pod of a cluster as its clients see it. */
export class ClusterPod extends Faces {
  constructor(private readonly pod: PodProcess) {
    super();
  }

  get port(): number {
    return this.pod.port;
  }
}
