import type { RedisLink } from '@rollcall/redis';
import { setImmediate } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { connectLink } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(60_000);

const TIMEOUT_MS = 500;

/** What a paused machine does to all of a process. */
function standStill(ms: number): void {
  for (const startedAt = performance.now(); performance.now() - startedAt < ms;);
}

describeWithRedis('A pod that stands still for longer than Redis may take', () => {
  it('reads the answer that was there in time, and takes nobody for away', async () => {
    const redis = await startRedis();
    const link = connectLink({ urls: [redis.url] }, TIMEOUT_MS);
    await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
    try {
      const asked = link.command('', 'PING');
      await setImmediate();
      standStill(TIMEOUT_MS + 100);
      expect(await asked).toBe('PONG');
      expect([link.isAway, link.silentMs]).toEqual([false, 0]);
    } finally {
      await link.close();
      await redis.stop();
    }
  });
});

describeWithRedis('Who stops listening', () => {
  let redis: RunningRedis;
  let proxy: TcpProxy;
  let link: RedisLink;

  beforeEach(async () => {
    redis = await startRedis();
    proxy = await TcpProxy.start(redis.port);
    link = connectLink({ urls: [`redis://127.0.0.1:${proxy.port}`] }, TIMEOUT_MS);
    await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
  });

  afterEach(async () => {
    await link.close();
    await redis.stop();
  });

  const channels = (): Promise<unknown> => redis.command('PUBSUB', 'SHARDCHANNELS');

  it.each([
    ['is cut', () => proxy.cut()],
    ['is lost', () => proxy.lose()],
  ])('does so, though the line %s before that is told', async (_what, disturb) => {
    const [heard, kept]: [string[], string[]] = [[], []];
    const stop = await link.subscribe('news', (message) => heard.push(message));
    await link.subscribe('other', (message) => kept.push(message));

    proxy.stall();
    stop();
    // It is on its way now.
    await new Promise((resolve) => setTimeout(resolve, 50));
    disturb();
    proxy.flow();

    await eventually(async () => expect(await channels()).toEqual(['other']), { within: 30 * TIMEOUT_MS });
    await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
    await redis.command('SPUBLISH', 'news', 'hello');
    await redis.command('SPUBLISH', 'other', 'hello');
    await eventually(() => expect(kept).toEqual(['hello']), { within: 5000 });
    expect(heard).toEqual([]);
  });

  it('may listen again while that is not known yet', async () => {
    const heard: string[] = [];
    const stop = await link.subscribe('news', () => undefined);

    proxy.stall();
    stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.cut();
    proxy.flow();

    await eventually(async () => void (await link.subscribe('news', (message) => heard.push(message))), {
      within: 10_000,
    });
    await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
    await redis.command('SPUBLISH', 'news', 'hello');
    await eventually(() => expect(heard).toEqual(['hello']), { within: 5000 });
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT_MS));
    expect(await channels()).toEqual(['news']);
  });
});
