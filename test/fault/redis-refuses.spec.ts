import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { shopOnRedis } from '../support/redis-shop';

jest.setTimeout(90_000);

describeWithRedis('A Redis that answers and takes no writes', () => {
  it.each([
    ['its memory is full', ['CONFIG', 'SET', 'maxmemory', '1mb'], ['CONFIG', 'SET', 'maxmemory', '0'], /OOM/],
    ['it is a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /READONLY/],
  ])('gives no figures that are taken for fresh: %s', async (_why, begin, end, reason) => {
    const { redis, pods, crowd } = await shopOnRedis({ STALE_MAX_MS: 4000 });
    await redis.command(...begin);
    const [, , adaToo] = crowd.members;
    if (adaToo !== undefined) crowd.exit(adaToo);
    for (const pod of pods) {
      await eventually(
        async () => expect(Number((await pod.message('users')).headers['x-rollcall-stale'])).toBeGreaterThan(0),
        { within: 5000 },
      );
    }
    for (const pod of pods) {
      await pod.becomes(503);
      expect((await pod.ask('GET', '/health/ready')).text).toMatch(reason);
      for (const reply of [await pod.message('users'), await pod.presence()]) expect(reply.status).toBe(503);
    }
    await redis.command(...end);
    for (const pod of pods) await pod.becomes(200);
    await crowd.expectTruth();
    for (const pod of pods) expect((await pod.message('users')).headers['x-rollcall-stale']).toBeUndefined();
  });
});
