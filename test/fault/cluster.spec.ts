import { clusterForTest, ClusterPod } from '../support/cluster';
import { eventually } from '../support/eventually';
import { QUICK } from '../support/redis-pod';
import { describeWithRedis } from '../support/redis-server';

jest.setTimeout(120_000);

const QUICKLY = Object.fromEntries(Object.entries(QUICK).map(([name, ms]) => [name, String(ms)]));

describeWithRedis('Data centres on this machine', () => {
  it('have pods with names of their own, which share a Redis and come back on their ports', async () => {
    const cluster = await clusterForTest({ dcs: ['north', 'south'], pods: 2, environment: QUICKLY });
    const [first, second, other] = ['north/1', 'north/2', 'south/1'].map((name) => new ClusterPod(cluster.pod(name)));
    const tab = await first?.open();
    expect(tab?.session).toMatchObject({ dc: 'north' });
    const anonymousAt = async (pod: ClusterPod | undefined): Promise<unknown> =>
      ((await pod?.message('users'))?.json as { anonymous?: number }).anonymous;
    expect([await anonymousAt(second), await anonymousAt(other)]).toEqual([1, undefined]);

    const doomed = cluster.pod('north/1');
    expect(await doomed.kill()).toMatchObject({ signal: 'SIGKILL' });
    expect([doomed.running, doomed.up]).toEqual([false, false]);
    const { port } = doomed;
    await doomed.start();
    expect([doomed.up, doomed.port]).toEqual([true, port]);
    await first?.open();

    await cluster.datacenter('north').redis.flush();
    await eventually(async () => expect(await anonymousAt(second)).toBe(1), { within: 15_000 });
    expect(() => cluster.datacenter('west')).toThrow('There is no data centre "west", but north, south.');
  });

  it('have lines to each other that are disturbed by name, and to their own Redis if that is asked for', async () => {
    const cluster = await clusterForTest({ dcs: ['north', 'south'], pods: 1, environment: QUICKLY, ownLinks: true });
    const north = new ClusterPod(cluster.pod('north/1'));
    const own = cluster.link('north', 'north');
    expect(own.passed.requests).toBeGreaterThan(0);
    expect(cluster.links('north')).toEqual([cluster.link('north', 'south'), cluster.link('south', 'north')]);

    // What is done to a data centre's links is not done to the one to its own Redis.
    cluster.cut('north');
    cluster.stall('south');
    expect((await north.message('users')).headers).not.toHaveProperty('x-rollcall-stale');
    own.stall();
    await eventually(async () => expect((await north.message('users')).headers).toHaveProperty('x-rollcall-stale'), {
      within: 10_000,
    });
    own.heal();
    await eventually(
      async () => expect((await north.message('users')).headers).not.toHaveProperty('x-rollcall-stale'),
      { within: 15_000 },
    );
  });

  it('leave nothing behind when one pod does not start', async () => {
    const started = clusterForTest({ dcs: 1, pods: 2, environment: { BEAT_MS: 'never' } });
    await expect(started).rejects.toThrow(
      /Pod us-east-1\/[12] ended with 1:\nRollcall cannot start. BEAT_MS is "never"/,
    );
  });
});
