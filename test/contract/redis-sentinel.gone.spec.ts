import type { RedisLink } from '@rollcall/redis';
import { eventually } from '../support/eventually';
import { connectLink } from '../support/redis-roster';
import { describeWithRedis, type RunningSentinel, startRedisSentinel } from '../support/redis-server';

jest.setTimeout(60_000);

const TIMEOUT_MS = 500;

describeWithRedis('A master whose only sentinel has died', () => {
  let setup: RunningSentinel;
  let link: RedisLink;

  beforeEach(async () => {
    setup = await startRedisSentinel();
    const sentinels = { nodes: setup.sentinels, name: setup.name };
    link = connectLink({ urls: [setup.master.url], sentinels }, TIMEOUT_MS);
    await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
  });

  afterEach(async () => {
    await link.close();
    await setup.stop();
  });

  it('is soon of use again, and stays so', async () => {
    await setup.sentinel.stop();
    const failures: number[] = [];
    const diedAt = performance.now();
    while (performance.now() - diedAt < 10_000) {
      await link.command('', 'PING').catch(() => failures.push(performance.now() - diedAt));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(failures.filter((atMs) => atMs > 5000)).toEqual([]);
  });
});
