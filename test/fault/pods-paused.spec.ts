import { ChildPod } from '../support/child-pod';
import { mapOf, podEnvironment, presentOn, redisOfTest, tabsOn } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { RosterLog } from '../support/roster-log';
import { tabOf } from '../support/shop';

/** Short enough that no ping of Socket.IO falls into a pause, so the sockets outlive it. */
const QUICK = { BEAT_MS: '300', LEASE_MS: '1500', REDIS_TIMEOUT_MS: '1000' };

async function connectionsOf(pod: ChildPod, userId: string): Promise<{ connectionId: string; pod: string }[]> {
  const { json } = await pod.native('GET', `/v1/users/${userId}`);
  return (json as { connections: { connectionId: string; pod: string }[] }).connections;
}

describeWithRedis('A pod that is paused', () => {
  jest.setTimeout(120_000);

  it('past its lease is swept, and comes back as a new life with all its sockets, each once', async () => {
    const redis = await redisOfTest();
    const environment = { ...podEnvironment(redis), ...QUICK };
    const pods = await Promise.all([0, 1, 2].map(() => ChildPod.start({ environment })));
    const [paused, ...others] = pods as [ChildPod, ChildPod, ChildPod];
    const ada = await paused.open(tabOf('ada'));
    const visitor = await paused.open();
    const bob = await others[0].open(tabOf('bob'));
    await ada.ask('presence:set', { status: 'busy', statusText: 'In a call' });
    for (const tab of [ada, visitor, bob]) await tab.join('hall');
    const before = await mapOf(others[1]);
    const reasons = [ada, visitor].map((tab) => tab.collect('session'));

    paused.freeze();
    for (const pod of others)
      await eventually(async () => expect(await tabsOn(pod)).toEqual([bob.id]), { within: 10_000 });
    expect([...(await presentOn(others[0])).keys()]).toEqual(['bob']);
    paused.thaw();

    const all = [ada.id, visitor.id, bob.id].sort();
    for (const pod of pods) {
      await eventually(async () => expect(await tabsOn(pod)).toEqual(all), { within: 10_000 });
    }
    for (const pod of pods) {
      const map = await mapOf(pod);
      expect(Object.keys(map).sort()).toEqual(Object.keys(before).sort());
      expect(map).toMatchObject({ authenticated: [{ id: 'ada' }, { id: 'bob' }], 'hall|anonymous': 1, anonymous: 1 });
      expect(map.hall).toHaveLength(2);
      expect((await presentOn(pod)).get('ada')).toBe('busy In a call');
      const instance = ada.session.pod.split('.')[0] ?? '';
      expect(await connectionsOf(pod, 'ada')).toMatchObject([{ connectionId: ada.id, pod: `${instance}.2` }]);
    }
    expect((await paused.open()).session.pod).toBe(ada.session.pod.replace(/\.1$/, '.2'));
    const steps = await new RosterLog(redis).steps();
    const changes = (id: string): string[] => (steps.get(id) ?? []).filter((step, at, list) => step !== list[at - 1]);
    for (const { id } of [ada, visitor]) expect(changes(id)).toEqual(['there', 'gone', 'there']);
    expect(changes(bob.id)).toEqual(['there']);
    for (const tab of [ada, visitor]) expect(tab.socket.connected).toBe(true);
    expect(reasons).toEqual([[], []]);
  });

  it('shorter than it takes to be swept goes on as if nothing had been', async () => {
    const redis = await redisOfTest();
    const environment = podEnvironment(redis);
    const [paused, other] = (await Promise.all([0, 1].map(() => ChildPod.start({ environment })))) as [
      ChildPod,
      ChildPod,
    ];
    const ada = await paused.open(tabOf('ada'));
    const log = new RosterLog(redis);
    const instance = ada.session.pod.split('.')[0] ?? '';
    const leaseMs = async (): Promise<number> => (await log.leases()).get(instance) ?? -Infinity;
    const before = await log.length();

    paused.freeze();
    await eventually(async () => expect(await leaseMs()).toBeLessThan(2500), { within: 10_000 });
    expect(await tabsOn(other)).toEqual([ada.id]);
    paused.thaw();

    await eventually(async () => expect(await leaseMs()).toBeGreaterThan(4000), { within: 5000 });
    expect(await log.length()).toBe(before);
    for (const pod of [paused, other])
      expect(await connectionsOf(pod, 'ada')).toMatchObject([{ pod: `${instance}.1` }]);
    expect((await paused.open()).session.pod).toBe(`${instance}.1`);
  });

  it('past its lease, with nobody there to sweep it, goes on as if nothing had been', async () => {
    const redis = await redisOfTest();
    const pod = await ChildPod.start({ environment: { ...podEnvironment(redis), ...QUICK } });
    const ada = await pod.open(tabOf('ada'));
    const log = new RosterLog(redis);
    const leaseMs = async (): Promise<number> => [...(await log.leases()).values()][0] ?? -Infinity;
    const before = await log.length();

    pod.freeze();
    await eventually(async () => expect(await leaseMs()).toBeLessThan(-500), { within: 10_000 });
    pod.thaw();

    await eventually(async () => expect(await leaseMs()).toBeGreaterThan(0), { within: 5000 });
    expect(await log.length()).toBe(before);
    expect(await connectionsOf(pod, 'ada')).toMatchObject([{ connectionId: ada.id, pod: ada.session.pod }]);
  });
});
