import type { Crowd } from '../support/crowd';
import { QUICK, type RedisPod } from '../support/redis-pod';
import { describeWithRedis } from '../support/redis-server';
import { shopBehindProxy } from '../support/redis-shop';
import { seeded } from '../support/seeded';
import type { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(180_000);

const USERS = ['ada', 'bob', 'eve', undefined];
const CHANNELS = ['hall', 'sales', 'help', 'lobby'];

/** Members come, go, join and leave at random, one act after the other, and `disturb` comes in between. */
async function churn(
  { pods, crowd }: { pods: readonly RedisPod[]; crowd: Crowd },
  acts: number,
  disturb: () => void,
): Promise<void> {
  const random = seeded(7);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  for (let act = 0; act < acts; act += 1) {
    disturb();
    const members = [...crowd.members];
    const kind = random(10);
    if (kind < 3 && members.length < 20) await crowd.enter(pick(pods), pick(USERS));
    else if (kind === 3 && members.length > 4) crowd.exit(pick(members));
    else if (kind < 8) await pick(members).join(pick(CHANNELS));
    else await pick(members).leave(pick(CHANNELS));
    if (act % 10 === 0) expect((await pick(pods).message('users')).status).toBe(201);
  }
}

describeWithRedis('A line to Redis', () => {
  it('may be cut again and again in the middle of a reply', async () => {
    const shop = await shopBehindProxy();
    const { proxy, pods, crowd } = shop;
    const random = seeded(11);

    await churn(shop, 150, () => {
      // A batch is answered with some 90 bytes.
      if (random(3) === 0) proxy.breakInReply(1 + random(60));
    });
    proxy.mend();

    await crowd.expectTruth();
    expect(proxy.broken).toBeGreaterThan(5);
    for (const pod of pods) pod.expectSound();
  });

  it('may be cut altogether again and again', async () => {
    const shop = await shopBehindProxy();
    const { proxy, pods, crowd } = shop;
    const random = seeded(13);

    await churn(shop, 100, () => {
      if (random(5) === 0) proxy.cut();
    });

    await crowd.expectTruth();
    for (const pod of pods) pod.expectSound();
  });

  it('may be slow', async () => {
    const shop = await shopBehindProxy({ REDIS_TIMEOUT_MS: 1000 });
    const { proxy, pods, crowd } = shop;

    proxy.delay(200);
    await churn(shop, 40, () => undefined);
    await crowd.expectTruth(10_000);
    proxy.delay(0);
    await crowd.expectTruth();
    for (const pod of pods) pod.expectSound();
  });

  it('may be slower than Redis may be waited for, at times', async () => {
    const shop = await shopBehindProxy();
    const { proxy, pods, crowd } = shop;
    const random = seeded(17);

    await churn(shop, 60, () => flicker(proxy, random));
    proxy.delay(0);
    proxy.flow();

    await crowd.expectTruth();
    for (const pod of pods) pod.expectSound();
  });
});

function flicker(proxy: TcpProxy, random: (below: number) => number): void {
  const [late, stuck] = [random(4) === 0, random(6) === 0];
  proxy.delay(late ? QUICK.REDIS_TIMEOUT_MS + 200 : 0);
  if (stuck) proxy.stall();
  else proxy.flow();
}
