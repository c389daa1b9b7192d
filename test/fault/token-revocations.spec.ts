import type { JWTPayload } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildPod } from '../support/child-pod';
import { crowdedShop, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis, type RunningRedis } from '../support/redis-server';
import { appsFile } from '../support/rollcall';
import { tabOf } from '../support/shop';
import { signedBySecret } from '../support/signing-keys';
import type { Tab } from '../support/tab';

const SECRET = 'crowd-secret-crowd-secret-crowd-secret';
const REVOKED = '{rollcall:local:app:"shop"}:revoked';
const LOG = '{rollcall:local:app:"shop"}:log';

/** What is promised: from the answer on, on every pod. */
const WITHIN_MS = 1000;

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

type Three = [ChildPod, ChildPod, ChildPod];

describeWithRedis('A revocation', () => {
  jest.setTimeout(120_000);

  /** Three processes, of which none asks Redis by itself for a long time: what they hear they are told. */
  async function threePods(): Promise<{ redis: RunningRedis; pods: Three }> {
    const redis = await redisOfTest();
    const APPS_FILE = appsFile({ apps: [crowdedShop()] });
    const environment = { REDIS_URL: redis.url, APPS_FILE, BEAT_MS: '5000', LEASE_MS: '15000' };
    const start = (): Promise<ChildPod> => ChildPod.start({ environment });
    return { redis, pods: await Promise.all([start(), start(), start()]) };
  }

  const everywhere = (pods: Three, token: string): Promise<Tab[]> =>
    Promise.all(pods.map((pod) => pod.open({ token })));

  const ends = (tabs: readonly Tab[]): Promise<number[]> =>
    Promise.all(
      tabs.map(
        ({ socket }) => new Promise<number>((resolve) => socket.once('disconnect', () => resolve(performance.now()))),
      ),
    );

  async function revoke(pod: ChildPod, body: object): Promise<number> {
    const { status } = await pod.native('POST', '/v1/revocations', { body });
    expect(status).toBe(201);
    return performance.now();
  }

  /** Over REST and as a handshake, on each pod. */
  async function expectRefused(pods: Three, token: string): Promise<void> {
    const headers = { 'x-auth-token': token, 'x-user-id': 'ada' };
    for (const pod of pods) {
      expect((await pod.presence('', { headers })).status).toBe(401);
      await expect(pod.open({ token })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    }
  }

  it.each<[what: string, claims: () => JWTPayload, body: () => object]>([
    ['of one JWT', () => ({ jti: 'one' }), () => ({ jti: 'one', expiresAt: isoOf(nowSeconds() + 3600) })],
    ["of a user's tokens", () => ({}), () => ({ userId: 'ada' })],
    [
      "of a user's older tokens",
      () => ({ iat: nowSeconds() - 100 }),
      () => ({ userId: 'ada', issuedBefore: isoOf(nowSeconds() - 50) }),
    ],
    [
      "of everybody's older tokens",
      () => ({ iat: nowSeconds() - 100 }),
      () => ({ issuedBefore: isoOf(nowSeconds() - 50) }),
    ],
  ])(
    '%s closes the sockets of three pods within a second, and no others, and is known at every door',
    async (_what, claims, body) => {
      const { pods } = await threePods();
      const token = await signedBySecret(SECRET, claims());
      const tabs = await everywhere(pods, token);
      const others = await everywhere(pods, await signedBySecret(SECRET, { sub: 'bob', jti: 'two' }));
      const ended = ends(tabs);

      const answeredAt = await revoke(pods[0], body());

      for (const endedAt of await ended) expect(endedAt - answeredAt).toBeLessThan(WITHIN_MS);
      await expectRefused(pods, token);
      for (const { socket } of others) expect(socket.connected).toBe(true);
    },
  );

  it.each(['userId', 'erasure'] as const)(
    'by a pod whose clock is behind means what was issued a moment before all the same: %s',
    async (kind) => {
      const { redis } = await threePods();
      const APPS_FILE = appsFile({ apps: [crowdedShop()] });
      const environment = { REDIS_URL: redis.url, APPS_FILE };
      const right = await ChildPod.start({ environment });
      const behind = await ChildPod.start({ environment, aheadMs: -5000 });
      // The login's clock is right.
      const token = await signedBySecret(SECRET, { iat: nowSeconds() });
      const tab = await right.open({ token });
      const ended = ends([tab]);
      if (kind === 'userId') await revoke(behind, { userId: 'ada' });
      else expect((await behind.native('DELETE', '/v1/users/ada')).status).toBe(204);
      await ended;
      await expectRefused([right, behind, right], token);
    },
  );

  it('counts at a pod that stood still meanwhile, from the moment on in which it goes on', async () => {
    const redis = await redisOfTest();
    const APPS_FILE = appsFile({ apps: [crowdedShop()] });
    const environment = { REDIS_URL: redis.url, APPS_FILE, REDIS_TIMEOUT_MS: '500' };
    const [here, paused] = [await ChildPod.start({ environment }), await ChildPod.start({ environment })];
    const other = { 'x-auth-token': await signedBySecret(SECRET, { sub: 'bob' }), 'x-user-id': 'bob' };
    for (const jti of ['a', 'b', 'c']) {
      const token = await signedBySecret(SECRET, { jti });
      const headers = { 'x-auth-token': token, 'x-user-id': 'ada' };
      expect((await paused.presence('?ids=ada', { headers })).status).toBe(200);
      // Something is under way between it and Redis when it stands still.
      let isBusy = true;
      const busy = Array.from({ length: 4 }, async () => {
        while (isBusy) await paused.presence('?ids=bob', { headers: other });
      });
      await sleep(100);
      paused.freeze();
      await revoke(here, { jti });
      await sleep(1500);
      const asked = Array.from({ length: 20 }, () => paused.presence('?ids=ada', { headers }));
      paused.thaw();
      for (let n = 0; n < 30; n += 1) {
        asked.push(paused.presence('?ids=ada', { headers }));
        await sleep(5);
      }
      expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([401]));
      isBusy = false;
      await Promise.all(busy);
    }
  });

  it('of what was issued before a moment means what a pod has minted whose clock is ahead', async () => {
    const { redis, pods } = await threePods();
    const environment = { REDIS_URL: redis.url, APPS_FILE: appsFile({ apps: [crowdedShop()] }) };
    const ahead = await ChildPod.start({ environment, aheadMs: 5000 });
    const { json } = await ahead.native('POST', '/v1/users/ada/tokens', { body: {} });
    const { token } = json as { token: string };
    const tab = await pods[0].open({ userId: 'ada', token });
    const ended = ends([tab]);
    await sleep(10);
    await revoke(pods[1], { userId: 'ada', issuedBefore: new Date().toISOString() });
    await ended;
    await expectRefused(pods, token);
  });

  it('is heard of within a second again after a pod had lost its way to Redis', async () => {
    const { redis, pods } = await threePods();
    const token = await signedBySecret(SECRET, { jti: 'one' });
    const tabs = await everywhere(pods, token);
    for (const kind of ['pubsub', 'normal']) await redis.command('CLIENT', 'KILL', 'TYPE', kind);
    await eventually(async () => expect(await redis.command('PUBSUB', 'SHARDNUMSUB', LOG)).toEqual([LOG, 3]), {
      within: 10_000,
    });
    await eventually(async () => void (await revoke(pods[1], { jti: 'of-nobody' })), { within: 10_000 });
    const ended = ends(tabs);
    const answeredAt = await revoke(pods[1], { jti: 'one' });
    for (const endedAt of await ended) expect(endedAt - answeredAt).toBeLessThan(WITHIN_MS);
  });

  it('survives that Redis forgets it, and is written back for pods that come later', async () => {
    const { redis, pods } = await threePods();
    const [one, old] = [
      await signedBySecret(SECRET, { jti: 'one' }),
      await signedBySecret(SECRET, { iat: nowSeconds() - 100 }),
    ];
    await revoke(pods[0], { jti: 'one' });
    await revoke(pods[1], { issuedBefore: isoOf(nowSeconds() - 50) });
    await redis.command('FLUSHALL');

    for (const token of [one, old]) await expectRefused(pods, token);
    await eventually(async () => expect(await redis.command('HLEN', REVOKED)).toBe(2), { within: 10_000 });
    for (const pod of pods) await pod.end('SIGKILL');
    const environment = { REDIS_URL: redis.url, APPS_FILE: appsFile({ apps: [crowdedShop()] }) };
    const late = await ChildPod.start({ environment });
    for (const token of [one, old]) await expectRefused([late, late, late], token);
    await expect(late.open(tabOf('bob'))).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    await late.open({ token: await signedBySecret(SECRET, { jti: 'two' }) });
  });

  it('cannot be done while Redis is away, says so, and can be afterwards', async () => {
    const { redis, pods } = await threePods();
    const token = await signedBySecret(SECRET, { jti: 'one' });
    const tabs = await everywhere(pods, token);
    redis.process.freeze();
    expect((await pods[0].native('POST', '/v1/revocations', { body: { jti: 'one' } })).status).toBe(503);
    for (const { socket } of tabs) expect(socket.connected).toBe(true);
    const ended = ends(tabs);
    redis.process.thaw();
    await eventually(async () => void (await revoke(pods[0], { jti: 'one' })), { within: 10_000 });
    await ended;
    await expectRefused(pods, token);
  });
});
