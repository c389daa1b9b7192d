import { ChildPod } from '../support/child-pod';
import { guest, openMany, podEnvironment, presentOn, redisOfTest, tabsOn } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { RosterLog } from '../support/roster-log';
import { tabOf } from '../support/shop';
import type { Tab } from '../support/tab';

const PROMISED_MS = 10_000;

const instanceOf = (tab: Tab): string => tab.session.pod.split('.')[0] ?? '';

/** Half of them nobody's, half of them users' with a channel each. */
async function crowdOn(pod: ChildPod, count: number): Promise<Tab[]> {
  const tabs = await openMany(pod, count, (n) => (n % 2 === 0 ? {} : guest(`guest-${n}`)));
  await Promise.all(tabs.filter((_, n) => n % 10 === 1).map((tab) => tab.join('hall')));
  return tabs;
}

describeWithRedis('A pod that is killed', () => {
  jest.setTimeout(180_000);

  it('is gone from all others within ten seconds, each connection once, and leaves nothing in Redis', async () => {
    const redis = await redisOfTest();
    const environment = podEnvironment(redis);
    const [doomed, ...others] = await Promise.all([0, 1, 2].map(() => ChildPod.start({ environment })));
    const lost = await crowdOn(doomed as ChildPod, 2000);
    const kept = await Promise.all(others.map((pod) => pod.open(tabOf('ada'))));
    for (const pod of others) expect(await tabsOn(pod)).toHaveLength(2002);

    await doomed?.end('SIGKILL');

    const left = kept.map(({ id }) => id).sort();
    const goneBy = performance.now() + PROMISED_MS;
    for (const pod of others) {
      const within = goneBy - performance.now();
      await eventually(async () => expect(await tabsOn(pod)).toEqual(left), { within });
      // Nobody waits for a return: they are offline with the pod.
      expect([...(await presentOn(pod)).keys()]).toEqual(['ada']);
    }
    const log = new RosterLog(redis);
    const steps = await log.steps();
    for (const { id } of lost) expect(steps.get(id)?.filter((step) => step === 'gone')).toHaveLength(1);
    for (const { id } of kept) expect(steps.get(id)).toEqual(['there']);
    const instances = kept.map(instanceOf).sort();
    await eventually(async () => {
      expect([...(await log.leases()).keys()].sort()).toEqual(instances);
      expect(await log.rows()).toEqual(new Map(instances.map((instance) => [instance, 1])));
    });
  });

  it('leaves no ghosts behind when all others are killed with it and a new one comes', async () => {
    const redis = await redisOfTest();
    const environment = podEnvironment(redis);
    const pods = await Promise.all([0, 1, 2].map(() => ChildPod.start({ environment })));
    for (const pod of pods) await crowdOn(pod, 100);
    expect(await tabsOn(pods[0] as ChildPod)).toHaveLength(300);

    await Promise.all(pods.map((pod) => pod.end('SIGKILL')));
    const goneBy = performance.now() + PROMISED_MS;
    const heir = await ChildPod.start({ environment });

    const within = goneBy - performance.now();
    await eventually(async () => expect(await tabsOn(heir)).toEqual([]), { within });
    expect(await presentOn(heir)).toEqual(new Map());
    const log = new RosterLog(redis);
    await eventually(async () => expect([await log.leases(), await log.rows()]).toEqual([new Map(), new Map()]));
    for (const steps of (await log.steps()).values()) {
      expect(steps.filter((step) => step === 'gone')).toHaveLength(1);
    }
  });
});
