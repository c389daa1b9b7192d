import { EVERYTHING } from '../support/everything';
import type { Crowd } from '../support/crowd';
import { QUICK, type RedisPod } from '../support/redis-pod';
import { describeWithRedis, type RunningRedis } from '../support/redis-server';
import { shopBehindProxy, shopOnRedis } from '../support/redis-shop';

jest.setTimeout(180_000);

/** What a busy machine adds to a wait. */
const SLACK_MS = 1500;

/** An answer that waits for nobody. */
const AT_ONCE_MS = 1000;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAtMs = performance.now();
  await work();
  return performance.now() - beganAtMs;
}

/** Everything that clients may ask or say, all at the same time; resolves with the longest wait. */
async function askAll(pods: readonly RedisPod[], crowd: Crowd): Promise<number> {
  const [member] = crowd.members;
  const asked = pods.flatMap((pod) => [
    () => pod.message('users'),
    () => pod.message('allusers'),
    () => pod.message('channels'),
    () => pod.message('sendmessage', { channels: ['hall'], message: {} }),
    () => pod.presence(),
    () => pod.native('GET', '/v1/users/ada'),
    () => pod.ask('GET', '/health/ready'),
  ]);
  const said = [
    () => member?.join('room'),
    () => member?.tab.ask('presence:idle', { idle: false }),
    () => member?.tab.ask('message:send', { channel: 'hall', message: 1 }),
  ];
  const waits = await Promise.all([...asked, ...said].map((work) => timed(async () => void (await work()))));
  return Math.max(...waits);
}

async function frozenFor(ms: number, redis: RunningRedis, pods: readonly RedisPod[], crowd: Crowd): Promise<void> {
  redis.process.kill('SIGSTOP');
  const thawAt = performance.now() + ms;
  expect(await askAll(pods, crowd)).toBeLessThan(QUICK.REDIS_TIMEOUT_MS + SLACK_MS);
  for (const pod of pods) {
    const visitor = await crowd.enter(pod);
    expect(visitor.tab.session).toMatchObject({ degraded: true });
  }
  while (performance.now() < thawAt) {
    expect(await askAll(pods, crowd)).toBeLessThan(AT_ONCE_MS);
    // Faster would be over the limit of events.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  redis.process.kill('SIGCONT');
  await crowd.expectTruth();
  for (const pod of pods) {
    await pod.becomes(200);
    pod.expectSound();
  }
}

describeWithRedis('A Redis that stands still', () => {
  it('keeps nobody waiting longer than its time, and after the first wait nobody at all', async () => {
    const { redis, pods, crowd } = await shopOnRedis();

    await frozenFor(5000, redis, pods, crowd);
  });

  (EVERYTHING ? it : it.skip)('may do so for a minute', async () => {
    const { redis, pods, crowd } = await shopOnRedis({ STALE_MAX_MS: 100_000 });

    await frozenFor(60_000, redis, pods, crowd);
  });

  it('is no different where only the line stands still', async () => {
    const { proxy, pods, crowd } = await shopBehindProxy();

    proxy.stall();
    expect(await askAll(pods, crowd)).toBeLessThan(QUICK.REDIS_TIMEOUT_MS + SLACK_MS);
    expect(await askAll(pods, crowd)).toBeLessThan(AT_ONCE_MS);
    proxy.flow();
    await crowd.expectTruth();
    for (const pod of pods) pod.expectSound();
  });
});
