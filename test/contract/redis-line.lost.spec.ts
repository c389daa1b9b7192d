import { connectRedis, RedisLink, socketMessages } from '@rollcall/redis';
import { StoreUnavailable } from '@rollcall/roster';
import { Server } from 'socket.io';
import { eventually } from '../support/eventually';
import { connectLink } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { stopAfterTest } from '../support/teardown';
import { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(60_000);

const TIMEOUT_MS = 300;

/** A silent connection is given up after four of them; machines stand still. */
const MENDED_MS = 30 * TIMEOUT_MS;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}

describeWithRedis('A line to Redis that dies without a word', () => {
  let redis: RunningRedis;
  let proxy: TcpProxy;

  beforeEach(async () => {
    redis = await startRedis();
    stopAfterTest(() => redis.stop());
    proxy = await TcpProxy.start(redis.port);
  });

  const overProxy = () => ({ urls: [`redis://127.0.0.1:${proxy.port}`] });

  it('is replaced by a new one, however much is asked meanwhile; only those wait who came before it was known', async () => {
    const link = connectLink(overProxy(), TIMEOUT_MS);
    stopAfterTest(() => link.close());
    await eventually(async () => void (await link.command('k', 'SET', 'k', '1')), { within: 10_000 });
    let returns = 0;
    link.onReturn(() => (returns += 1));

    proxy.lose();
    await expect(link.command('k', 'GET', 'k')).rejects.toBeInstanceOf(StoreUnavailable);
    const ask = async (): Promise<void> => {
      // Others ask all the time, too.
      await pause(20);
      let answer: unknown;
      const waitedMs = await timed(async () => {
        answer = await link.command('k', 'GET', 'k').catch((error: unknown) => error);
      });
      if (answer === '1') return;
      expect(answer).toBeInstanceOf(StoreUnavailable);
      expect(waitedMs).toBeLessThan(TIMEOUT_MS);
      throw answer as Error;
    };
    await eventually(ask, { within: MENDED_MS });
    expect(returns).toBeGreaterThan(0);
    expect(link.silentMs).toBe(0);
  });

  it('does not keep a link from closing', async () => {
    const link = connectLink(overProxy(), TIMEOUT_MS);
    await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
    proxy.lose();
    await expect(link.command('', 'PING')).rejects.toBeInstanceOf(StoreUnavailable);
    await pause(200);
    expect(await timed(() => link.close())).toBeLessThan(TIMEOUT_MS);
  });

  it('is replaced where it only listens, though views ask to listen again and again', async () => {
    const settings = { timeoutMs: TIMEOUT_MS, onError: () => undefined };
    const [direct, lost] = [
      connectRedis({ urls: [redis.url], ...settings }),
      connectRedis({ ...overProxy(), ...settings }),
    ];
    stopAfterTest(() => lost.close());
    const { subscribe, unsubscribe } = lost;
    const link = new RedisLink({ ...direct, subscribe, unsubscribe }, TIMEOUT_MS);
    stopAfterTest(() => link.close());
    const heard: string[] = [];
    await eventually(async () => void (await link.subscribe('news', (message) => heard.push(message))), {
      within: 10_000,
    });

    proxy.lose();
    let asked = 0;
    const ask = async (): Promise<void> => {
      await pause(50);
      const channel = `channel ${(asked += 1)}`;
      (await link.subscribe(channel, () => undefined))();
    };
    await expect(ask()).rejects.toBeInstanceOf(StoreUnavailable);
    // Who only asks is not kept from it.
    expect(await link.command('', 'PING')).toBe('PONG');
    expect(await timed(() => ask().catch(() => undefined))).toBeLessThan(TIMEOUT_MS);
    await eventually(ask, { within: MENDED_MS });

    await redis.command('SPUBLISH', 'news', 'hello');
    await eventually(() => expect(heard).toEqual(['hello']), { within: 5000 });
    // Nor is anything left of those that were given up.
    await eventually(async () => expect(await redis.command('PUBSUB', 'SHARDCHANNELS')).toEqual(['news']), {
      within: 5000,
    });
  });

  it('is replaced where messages are published again and again', async () => {
    const [here, there] = [overProxy(), { urls: [redis.url] }].map((address) => {
      const messages = socketMessages({ ...address, timeoutMs: TIMEOUT_MS, onError: () => undefined }, 'test');
      const server = new Server({ adapter: messages.adapter });
      stopAfterTest(() => messages.close());
      return server;
    }) as [Server, Server];
    const heard: string[] = [];
    there.on('news', (word: string) => heard.push(word));
    const publishing = (word: string) => async (): Promise<void> => {
      here.serverSideEmit('news', word);
      await pause(TIMEOUT_MS / 3);
      expect(heard).toContain(word);
    };
    await eventually(publishing('before'), { within: 10_000 });

    proxy.lose();
    await eventually(publishing('after'), { within: MENDED_MS });
  });
});
