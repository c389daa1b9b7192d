import { connectRedis, RedisLink, type RedisPort } from '@rollcall/redis';
import { StoreUnavailable } from '@rollcall/roster';
import { eventually } from '../support/eventually';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(60_000);

const TIMEOUT_MS = 300;

describeWithRedis('Who listens over a link', () => {
  let redis: RunningRedis;
  let proxy: TcpProxy;
  let ports: RedisPort[];
  let link: RedisLink;

  beforeEach(async () => {
    redis = await startRedis();
    proxy = await TcpProxy.start(redis.port);
    const urls = [redis.url, `redis://127.0.0.1:${proxy.port}`];
    // The link has less patience than its clients: their pings would queue up on a slow line.
    ports = urls.map((url) => connectRedis({ urls: [url], timeoutMs: 5000, onError: () => undefined }));
    const [direct, disturbed] = ports as [RedisPort, RedisPort];
    // Subscriptions alone are over the line that can be disturbed.
    const { subscribe, unsubscribe } = disturbed;
    link = new RedisLink({ ...direct, subscribe, unsubscribe }, TIMEOUT_MS);
    await eventually(async () => void (await link.command('', 'PING')), { within: 10_000 });
    await eventually(async () => (await link.subscribe('ready', () => undefined))(), { within: 10_000 });
    await eventually(async () => expect(await channels()).toEqual([]), { within: 5000 });
  });

  afterEach(async () => {
    for (const port of [link, ...ports.slice(1)]) await port.close();
    await redis.stop();
  });

  const channels = (): Promise<unknown> => redis.command('PUBSUB', 'SHARDCHANNELS');

  it('hears, though an earlier attempt was given up and comes to pass while the next one is on its way', async () => {
    const [early, heard]: [string[], string[]] = [[], []];
    proxy.delay(TIMEOUT_MS + 200);
    await expect(link.subscribe('news', (message) => early.push(message))).rejects.toBeInstanceOf(StoreUnavailable);
    proxy.delay(150);
    await eventually(() => expect(link.isAway).toBe(false), { within: 10_000 });
    await link.subscribe('news', (message) => heard.push(message));
    proxy.delay(0);
    // What is still on its way over that line is there before this.
    await link.subscribe('other', () => undefined);

    await link.command('news', 'SPUBLISH', 'news', 'hello');
    await eventually(() => expect(heard).toEqual(['hello']), { within: 5000 });
    expect(early).toEqual([]);
  });

  it('leaves nothing behind when it has given up', async () => {
    proxy.delay(TIMEOUT_MS + 100);
    await expect(link.subscribe('news', () => undefined)).rejects.toBeInstanceOf(StoreUnavailable);
    await eventually(async () => expect(await channels()).toEqual([]), { within: 5000 });
  });

  it('shares a subscription, and ends it with the last one', async () => {
    const heard: string[] = [];
    const stops = [
      await link.subscribe('news', (message) => heard.push(`first ${message}`)),
      await link.subscribe('news', (message) => heard.push(`second ${message}`)),
    ];
    await link.command('news', 'SPUBLISH', 'news', 'one');
    await eventually(() => expect(heard).toEqual(['first one', 'second one']), { within: 5000 });
    stops[0]?.();
    stops[0]?.();
    await link.command('news', 'SPUBLISH', 'news', 'two');
    await eventually(() => expect(heard.slice(2)).toEqual(['second two']), { within: 5000 });
    stops[1]?.();
    await eventually(async () => expect(await channels()).toEqual([]), { within: 5000 });
  });
});
