import { eventually } from '../support/eventually';
import { RedisPod } from '../support/redis-pod';
import { redisForTest } from '../support/redis-shop';
import { describeWithRedis } from '../support/redis-server';
import { appsFile } from '../support/rollcall';
import { shop, tabOf, type WrittenApp } from '../support/shop';

async function start(limits: NonNullable<WrittenApp['limits']>) {
  const redis = await redisForTest();
  const environment = { APPS_FILE: appsFile({ apps: [shop({ limits })] }) };
  const pods = await Promise.all([0, 1].map(() => RedisPod.start(redis.port, {}, environment)));
  return { redis, pods: pods as [RedisPod, RedisPod] };
}

const limited = { code: 'RATE_LIMITED' };

describeWithRedis('Two pods on one Redis', () => {
  it('count the requests of a key together, and each for itself while Redis is away', async () => {
    const { redis, pods } = await start({ requestsPerMinute: 8 });
    const [one, two] = pods;
    const seen: unknown[] = [];
    for (const pod of [one, two, one, two]) {
      seen.push((await pod.message('channels')).headers['x-ratelimit-remaining']);
    }
    expect(seen).toEqual(['7', '6', '5', '4']);

    await redis.stop();
    await eventually(async () => {
      const { status, headers } = await two.message('channels');
      expect([status, Number(headers['x-ratelimit-remaining']) > 4]).toEqual([201, true]);
    });
    for (const pod of pods) {
      await eventually(async () => expect((await pod.message('channels')).status).toBe(429), { within: 10_000 });
      pod.expectSound();
    }
  });

  it('refuse on either pod what is too much on both', async () => {
    const { pods } = await start({ requestsPerMinute: 40 });
    const statuses = await Promise.all(
      pods.flatMap((pod) => Array.from({ length: 30 }, async () => (await pod.message('channels')).status)),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(40);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20);
  });

  it('count connections and channels together', async () => {
    const { pods } = await start({ connectionsPerHost: 4, connectionsPerUser: 2, channelsPerHost: 2 });
    const [one, two] = pods;
    const [ada] = [await one.open(tabOf('ada')), await two.open(tabOf('ada'))];
    for (const pod of pods) await expect(pod.open(tabOf('ada'))).rejects.toMatchObject(limited);
    const [bob, eve] = [await one.open(tabOf('bob')), await two.open(tabOf('eve'))];
    for (const pod of pods) await expect(pod.open(tabOf('fay'))).rejects.toMatchObject(limited);

    await ada.join('a');
    await eve.join('b');
    expect(await bob.join('c')).toMatchObject({ ok: false, error: limited });
    expect(await bob.join('b')).toMatchObject({ ok: true });
    ada.close();
    await eventually(async () => void (await two.open(tabOf('ada'))));
    await eventually(async () => expect(await eve.join('c')).toMatchObject({ ok: true }));
  });
});
