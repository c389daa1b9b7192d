import { sharedCounter } from '@rollcall/redis';
import { eventually } from '../support/eventually';
import { connectLink } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';

describeWithRedis('A counter that pods share', () => {
  let redis: RunningRedis;
  let links: ReturnType<typeof connectLink>[];

  beforeEach(async () => {
    redis = await startRedis();
    links = [connectLink({ urls: [redis.url] }), connectLink({ urls: [redis.url] })];
    for (const link of links) await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
  });

  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()));
    await redis.stop();
  });

  const counters = () => links.map((link) => sharedCounter(link, 'rollcall:local'));

  it('counts what each of them counts, and no others', async () => {
    const [one, two] = counters();
    expect((await one?.rlflxIncr(['shop:key', '1', '60']))?.[0]).toBe(1);
    expect((await two?.rlflxIncr(['shop:key', '1', '60']))?.[0]).toBe(2);
    expect((await one?.rlflxIncr(['shop:key', '3', '60']))?.[0]).toBe(5);
    expect((await two?.rlflxIncr(['shop:other key', '1', '60']))?.[0]).toBe(1);
  });

  it('loses nothing when all count at once', async () => {
    const all = counters().flatMap((counter) =>
      Array.from({ length: 200 }, () => counter.rlflxIncr(['shop:key', '1', '60'])),
    );
    const counts = (await Promise.all(all)).map(([count]) => count).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
  });

  it('lasts as long as it was begun for, however often it is counted, and starts over', async () => {
    const [one, two] = counters();
    const [, first] = (await one?.rlflxIncr(['shop:key', '1', '1'])) ?? [];
    expect(first).toBe(1000);
    let last = 1000;
    await eventually(
      async () => {
        const [count, leftMs] = (await two?.rlflxIncr(['shop:key', '1', '1'])) ?? [0, 0];
        expect(leftMs).toBeLessThanOrEqual(1000);
        if (count > 1) expect(leftMs).toBeLessThanOrEqual(last);
        last = leftMs;
        expect(count).toBe(1);
      },
      { within: 5000 },
    );
  });

  it('leaves nothing behind, and is none of a clock that was put back', async () => {
    const [one] = counters();
    const [link] = links;
    await one?.rlflxIncr(['shop:key', '1', '1']);
    const key = '{rollcall:local:rate:shop:key}';
    await link?.command(key, 'HSET', key, 'ends', String(Date.now() + 3_600_000));
    expect(await one?.rlflxIncr(['shop:key', '1', '1'])).toEqual([1, 1000]);
    await eventually(async () => expect(await link?.command(key, 'EXISTS', key)).toBe(0), { within: 5000 });
  });
});
