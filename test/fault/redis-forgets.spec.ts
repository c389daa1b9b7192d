import { type Crowd, PROMISED_MS, sortedUsers } from '../support/crowd';
import { eventually } from '../support/eventually';
import { QUICK } from '../support/redis-pod';
import { describeWithRedis } from '../support/redis-server';
import { type RedisShop, shopOnRedis } from '../support/redis-shop';

jest.setTimeout(90_000);

/** A loss that a beat finds is mended with the next one; a busy machine may be late. */
const WITHIN_BEATS_MS = Math.max(2 * QUICK.BEAT_MS, PROMISED_MS);

const expectSound = ({ pods }: RedisShop): void => pods.forEach((pod) => pod.expectSound());

/** Asks every pod again and again while something goes on: each answer must be the truth, fresh or not. */
async function watched(crowd: Crowd, until: Promise<void>): Promise<{ stale: number }> {
  let done = false;
  let stale = 0;
  const finished = until.finally(() => (done = true));
  while (!done) {
    for (const pod of crowd.pods) {
      const reply = await pod.message('users');
      if (reply.headers['x-rollcall-stale'] !== undefined) stale += 1;
      expect({ status: reply.status, body: sortedUsers(reply) }).toEqual({ status: 201, body: crowd.usersBody() });
    }
  }
  await finished;
  return { stale };
}

describeWithRedis('A Redis that is emptied under its pods', () => {
  it('has everything back within the promised time, and until then the old picture is told as old', async () => {
    const shop = await shopOnRedis();
    const { redis, crowd } = shop;
    const before = await Promise.all(crowd.pods.map((pod) => pod.message('users')));

    await redis.command('FLUSHALL');
    const { stale } = await watched(crowd, crowd.expectTruth());

    expect(stale).toBeGreaterThan(0);
    const after = await Promise.all(crowd.pods.map((pod) => pod.message('users')));
    // The order of joining has come back with it.
    expect(after.map(({ json }) => json)).toEqual(before.map(({ json }) => json));
    const newcomer = await crowd.enter(shop.pods[1], 'fay');
    await newcomer.join('hall');
    for (const pod of crowd.pods) {
      const { authenticated, hall } = (await pod.message('users')).json as Record<string, { id: string }[]>;
      expect([authenticated?.at(-1)?.id, hall?.at(-1)?.id]).toEqual(['fay', 'fay']);
    }
    expectSound(shop);
  });

  it('has no ghost of what went on while it was emptied', async () => {
    const shop = await shopOnRedis();
    const { redis, crowd, pods } = shop;
    const [anybody] = crowd.members;

    for (let round = 0; round < 5; round += 1) {
      const emptied = redis.command('FLUSHALL');
      const comer = await crowd.enter(pods[round % 2] ?? pods[0], 'bob');
      await comer.join('hall');
      if (round === 0 && anybody !== undefined) crowd.exit(anybody);
      if (round % 2 === 1) crowd.exit(comer);
      await emptied;
    }

    await crowd.expectTruth();
    expectSound(shop);
  });

  it('makes a poll from before the loss a full one, in which nobody has gone who is here', async () => {
    const shop = await shopOnRedis();
    const { redis, pods, crowd } = shop;
    const polls = await Promise.all(pods.map((pod) => pod.presence()));
    const from = polls.map(({ headers }) => new Date(Number(headers['x-rollcall-time'])).toISOString());

    await redis.command('FLUSHALL');
    let recovered = false;
    const recovery = crowd.expectTruth().finally(() => (recovered = true));
    for (let last = false; !last; last = recovered) {
      for (const [at, pod] of pods.entries()) {
        const { users } = (await pod.presence(`?from=${from[at]}`)).json as { users: { status: string }[] };
        expect(users.filter(({ status }) => status === 'offline')).toEqual([]);
      }
    }
    await recovery;

    for (const [at, pod] of pods.entries()) {
      const { json, headers } = await pod.presence(`?from=${from[at]}`);
      expect(headers).not.toHaveProperty('x-rollcall-stale');
      expect(json).toMatchObject({ full: true });
      const ids = (json as { users: { _id: string }[] }).users.map(({ _id }) => _id).sort();
      expect(ids).toEqual(['ada', 'bob', 'cat', 'eve']);
    }
    expectSound(shop);
  });

  it('gets chosen statuses back from pods that nobody has asked for a while', async () => {
    const shop = await shopOnRedis();
    const { redis, crowd } = shop;

    // Nobody asks until every pod has registered anew.
    await redis.command('FLUSHALL');
    await eventually(async () => expect(await redis.command('ZCARD', shop.key('leases'))).toBe(2), { within: 5000 });

    await crowd.expectTruth();
    expectSound(shop);
  });
});

describeWithRedis('A Redis that loses a single key', () => {
  it('without its log, serves on', async () => {
    const shop = await shopOnRedis();
    const { redis, crowd, key, pods } = shop;

    await redis.command('DEL', key('log'));
    await crowd.expectTruth();
    await (await crowd.enter(pods[0], 'bob')).join('hall');
    await crowd.expectTruth();
    expectSound(shop);
  });

  it.each(['rows of a pod', 'leases', 'position', 'users'])(
    'without the %s, has them again with the next beats',
    async (what) => {
      const shop = await shopOnRedis();
      const { redis, crowd, key } = shop;
      const [instance] = (await redis.command('ZRANGE', key('leases'), '0', '0')) as string[];
      const part = { 'rows of a pod': `m:${instance}`, leases: 'leases', position: 'meta', users: 'users' }[what];

      expect(await redis.command('DEL', key(part ?? ''))).toBe(1);
      await crowd.expectTruth(WITHIN_BEATS_MS);

      // What was counted twice shows when everybody has gone.
      for (const member of crowd.members) if (member.userId !== undefined) crowd.exit(member);
      await crowd.expectTruth(WITHIN_BEATS_MS);
      expectSound(shop);
    },
  );
});
