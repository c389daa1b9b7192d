import { PROMISED_MS, sortedUsers } from '../support/crowd';
import { eventually } from '../support/eventually';
import { QUICK, RedisPod } from '../support/redis-pod';
import { describeWithRedis } from '../support/redis-server';
import { redisForTest, shopOnRedis } from '../support/redis-shop';
import { asUser, tabOf } from '../support/shop';

jest.setTimeout(90_000);

describeWithRedis('A Redis that dies and comes back empty', () => {
  it('is given back everything, also what was changed while it was away', async () => {
    const { redis, pods, crowd } = await shopOnRedis();
    const [ada, bob] = crowd.members;
    const before = crowd.usersBody();

    await redis.stop();
    // Changes are acknowledged at once, and are said to be kept here.
    expect(await ada?.join('later')).toMatchObject({ degraded: true, count: 1 });
    expect(await ada?.leave('hall')).toMatchObject({ degraded: true });
    if (bob !== undefined) {
      expect(await crowd.choose(bob, 'busy', 'Back at two')).toMatchObject({ degraded: true });
      expect(await bob.tab.ask('presence:idle', { idle: true })).toMatchObject({ ok: true, degraded: true });
      expect(await bob.tab.ask('message:send', { channel: 'sales', message: 1 })).toMatchObject({ ok: true });
    }
    for (const pod of pods) {
      const visitor = await crowd.enter(pod);
      expect(visitor.tab.session).toMatchObject({ degraded: true, channels: ['anonymous', `tab|${visitor.tab.id}`] });
      expect(await visitor.join('lobby')).toMatchObject({ degraded: true });
      const user = await crowd.enter(pod, 'eve');
      expect(user.tab.session).toMatchObject({ degraded: true, user: { id: 'eve' } });
      const body = { status: 'away', message: 'Kept here' };
      const set = await pod.rocket('POST', 'users.setStatus', { headers: asUser('fay'), body });
      expect(set).toMatchObject({ status: 200, json: { success: true }, headers: { 'x-rollcall-degraded': 'true' } });
      await expect(pod.open({ userId: 'eve', token: 'wrong' })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
      const reply = await pod.message('users');
      expect(reply.status).toBe(201);
      expect(Number(reply.headers['x-rollcall-stale'])).toBeGreaterThan(0);
      expect(sortedUsers(reply)).toEqual(before);
      const poll = await pod.presence();
      expect(poll.status).toBe(200);
      expect(Number(poll.headers['x-rollcall-stale'])).toBeGreaterThan(0);
      for (const [reply, status] of [
        [await pod.message('channels'), 201],
        [await pod.native('GET', '/v1/users/ada'), 200],
        [await pod.native('GET', '/v1/users/nobody'), 404],
      ] as const) {
        expect(reply.status).toBe(status);
        expect(Number(reply.headers['x-rollcall-stale'])).toBeGreaterThan(0);
      }
      expect((await pod.ask('GET', '/health/live')).status).toBe(200);
    }
    // One who has left meanwhile.
    const [, , adaToo] = crowd.members;
    if (adaToo !== undefined) crowd.exit(adaToo);

    await redisForTest({ at: redis.port });
    await crowd.expectTruth();
    for (const pod of pods) {
      await pod.becomes(200);
      pod.expectSound();
    }
    // Nobody of hers is connected, and what was kept is written all the same.
    await pods[0].open(tabOf('fay'));
    await eventually(async () => {
      const { json } = await pods[1].presence('?ids=fay');
      expect(json).toMatchObject({ users: [{ _id: 'fay', status: 'away', statusText: 'Kept here' }] });
    });
  });

  it('is missed in the end: answers and readiness are 503, joins go on, and all is well afterwards', async () => {
    const { redis, pods, crowd } = await shopOnRedis({ STALE_MAX_MS: 2000 });
    const [ada] = crowd.members;

    await redis.stop();
    for (const pod of pods) await pod.becomes(503);
    for (const pod of pods) {
      for (const reply of [await pod.message('users'), await pod.message('allusers'), await pod.presence()]) {
        expect(reply.status).toBe(503);
        expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      }
      expect((await crowd.enter(pod)).tab.session).toMatchObject({ degraded: true });
    }
    expect(await ada?.join('much-later')).toMatchObject({ degraded: true });
    expect(await ada?.leave('hall')).toMatchObject({ degraded: true });
    if (ada !== undefined) expect(await crowd.choose(ada, 'away')).toMatchObject({ degraded: true });

    await redisForTest({ at: redis.port });
    for (const pod of pods) await pod.becomes(200);
    await crowd.expectTruth();
    for (const pod of pods) pod.expectSound();
  });

  it('leaves a quiet host its last picture, however long ago somebody has asked for it', async () => {
    const { redis, pods, crowd } = await shopOnRedis({ STALE_MAX_MS: 2000 });
    const before = crowd.usersBody();

    // Nobody asks for longer than a picture may be old; the pods hear all the while that it is not.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await redis.stop();
    for (const pod of pods) expect(sortedUsers(await pod.message('users'))).toEqual(before);
  });
});

describeWithRedis('A Redis that is not there yet', () => {
  it('is waited for: until it is there the pod listens and is not ready, and nothing falls back to memory', async () => {
    const early = await redisForTest();
    await early.stop();
    const pod = await RedisPod.launch(early.port, { STALE_MAX_MS: QUICK.STALE_MAX_MS });

    await pod.becomes(503);
    expect((await pod.ask('GET', '/health/live')).status).toBe(200);
    for (const reply of [await pod.message('users'), await pod.presence()]) {
      expect(reply.status).toBe(503);
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    }
    // Who can prove nothing yet is refused for now; a visitor has nothing to prove.
    await expect(pod.open(tabOf('ada'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const visitor = await pod.open();
    expect(visitor.session).toMatchObject({ degraded: true });

    const redis = await redisForTest({ at: early.port });
    await pod.becomes(200);
    const here = { anonymous: 1, [`tab|${visitor.id}`]: 1 };
    await eventually(async () => expect((await pod.message('users')).json).toEqual(here), { within: PROMISED_MS });
    const key = '{rollcall:local:localhost}:leases';
    expect(await redis.command('ZCARD', key)).toBe(1);
    pod.expectSound();
  });

  it('is refused if it holds data in another format: the pod says so and ends', async () => {
    const redis = await redisForTest();
    await redis.command('SET', '{rollcall:local}:format', '2');
    const pod = await RedisPod.launch(redis.port);

    expect(await pod.end).toBe(1);
    expect(pod.output).toMatch(/cannot start.*format 2.*format 1/);
  });
});
