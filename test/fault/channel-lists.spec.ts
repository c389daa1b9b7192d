import { crowdedShop, guest, openMany, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';

interface Page {
  readonly channels?: { readonly channel: string; readonly kind: string }[];
  readonly members?: { readonly id: string }[];
  readonly nextCursor?: string;
}

describeWithRedis('Lists of channels on several pods', () => {
  /** Two pods with a Redis: users in one room on both, each in a channel of its own as well. */
  async function crowded(count: number, environment: Record<string, string> = {}) {
    const redis = await redisOfTest();
    const start = (): Promise<Rollcall> =>
      Rollcall.start([crowdedShop()], { REDIS_URL: redis.url, BEAT_MS: '300', ...environment });
    const pods = [await start(), await start()] as const;
    const tabs = await openMany(pods[0], count, (n) => guest(`user-${n}`));
    tabs.push(...(await openMany(pods[1], count, (n) => guest(`user-${count + n}`))));
    // Turn about, so that neighbours in the list are on different pods.
    for (let n = 0; n < count; n += 1) {
      for (const tab of [tabs[n], tabs[count + n]]) {
        await tab?.join('room');
        await tab?.join(`own-${tab.session.user?.id}`);
      }
    }
    return { redis, pods, tabs };
  }

  it('are read on in whichever pod answers', async () => {
    const { pods, tabs } = await crowded(10);
    const readAll = async (path: string): Promise<Page[]> => {
      const pages: Page[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; cursor = pages.at(-1)?.nextCursor) {
        const pod = pods[pages.length % 2] as Rollcall;
        pages.push((await pod.native('GET', `${path}limit=3&cursor=${cursor}`)).json as Page);
      }
      return pages;
    };
    const members = await readAll('/v1/channels/room/members?');
    const channels = await readAll('/v1/channels?prefix=own-&');

    const inTurn = tabs.slice(0, 10).flatMap(({ session }, n) => [session.user?.id, tabs[10 + n]?.session.user?.id]);
    expect(members.flatMap((page) => page.members?.map(({ id }) => id))).toEqual(inTurn);
    expect(channels.flatMap((page) => page.channels?.map(({ channel }) => channel))).toEqual(
      inTurn.map((id) => `own-${id}`).sort(),
    );
    expect([members.length, channels.length]).toEqual([7, 7]);
  });

  it('say how old they are while Redis is away, and are 503 in the end', async () => {
    const environment = { REDIS_TIMEOUT_MS: '500', LEASE_MS: '1500', STALE_MAX_MS: '6000' };
    const { redis, pods } = await crowded(2, environment);
    const paths = ['/v1/channels', '/v1/channels/room', '/v1/channels/room/members'];
    const before = await Promise.all(paths.map((path) => pods[0].native('GET', path)));

    await redis.stop();
    for (const [n, path] of paths.entries()) {
      const { status, json, headers } = await pods[0].native('GET', path);
      expect({ status, json }).toEqual({ status: 200, json: before[n]?.json });
      expect(Number(headers['x-rollcall-stale'])).toBeGreaterThan(0);
      expect(headers['x-rollcall-cursor']).toBe(before[n]?.headers['x-rollcall-cursor']);
    }
    expect((await pods[0].native('GET', '/v1/channels/nobody')).headers).toHaveProperty('x-rollcall-stale');
    for (const path of paths) {
      await eventually(
        async () =>
          expect(await pods[0].native('GET', path)).toMatchObject({
            status: 503,
            headers: { 'retry-after': expect.any(String) as unknown },
            json: { code: 'UNAVAILABLE' },
          }),
        { within: 15_000 },
      );
    }
  });
});
