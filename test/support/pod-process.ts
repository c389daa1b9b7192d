import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CHECKOUT, POD_MAIN } from '../../apps/cluster/src/processes/checkout';
import { type PodOptions, PodProcess } from '../../apps/cluster/src/processes/pod-process';
import { freePort } from './free-ports';
import { stopAfterTest } from './teardown';

/** Launches the built service, by default on a port that is free; killed after the test if it is still there. */
export async function launchPod({ port, ...options }: Partial<PodOptions>): Promise<PodProcess> {
  if (!existsSync(POD_MAIN)) execFileSync('npm', ['run', 'build', '--silent'], { cwd: CHECKOUT });
  const pod = new PodProcess({ port: port ?? (await freePort()), ...options });
  pod.launch();
  stopAfterTest(async () => void (await pod.kill()));
  return pod;
}
