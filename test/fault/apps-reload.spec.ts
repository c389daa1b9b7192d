import { writeFileSync } from 'node:fs';
import { redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { RedisPod } from '../support/redis-pod';
import { describeWithRedis } from '../support/redis-server';
import { appsFile } from '../support/rollcall';
import { shop, tabOf, type WrittenApp } from '../support/shop';

const THERE = 'other.example.com';

describeWithRedis('An apps file that two pods share', () => {
  jest.setTimeout(60_000);

  async function twoPods(...apps: WrittenApp[]) {
    const redis = await redisOfTest();
    const APPS_FILE = appsFile({ apps });
    const start = (): Promise<RedisPod> => RedisPod.start(redis.port, {}, { APPS_FILE });
    const pods = await Promise.all([start(), start()]);
    const write = (content: unknown): void => writeFileSync(APPS_FILE, JSON.stringify(content));
    return { pods, write };
  }

  const status = async (pod: RedisPod, apiKey: string): Promise<number> =>
    (await pod.message('users', { apiKey })).status;

  it('counts on both when it has changed, for keys, users and sockets', async () => {
    const both = shop({ apiKeys: ['old'], hosts: ['localhost', THERE] });
    const { pods, write } = await twoPods(both);
    const [here, there] = pods;
    const stays = await here.open(tabOf('ada'));
    const homeless = await Promise.all(pods.map((pod) => pod.open({ ...tabOf('bob'), host: THERE })));
    const ended = Promise.all(
      homeless.map(({ socket }) => new Promise((resolve) => socket.once('disconnect', resolve))),
    );
    const users = [
      { id: 'ada', email: 'new@example.com' },
      { id: 'zoe', tokens: ['token-of-zoe'] },
    ];
    write({ apps: [shop({ apiKeys: ['new'], users })] });

    for (const pod of pods) {
      await eventually(async () => expect([await status(pod, 'new'), await status(pod, 'old')]).toEqual([201, 401]));
      expect((await pod.message('users', { apiKey: 'new' })).json).toMatchObject({
        authenticated: [{ id: 'ada', email: 'new@example.com' }],
      });
    }
    expect(await ended).toEqual(['io server disconnect', 'io server disconnect']);
    expect((await there.open(tabOf('zoe'))).session.user?.id).toBe('zoe');
    expect((await stays.join('salesRoom')).ok).toBe(true);
    for (const pod of pods) pod.expectSound();
  });

  it('is left as it was on both when it cannot be used, also on SIGHUP, and neither pod ends', async () => {
    const { pods, write } = await twoPods(shop({ apiKeys: ['old'] }));
    write({ apps: [shop({ apiKeys: ['new'], hosts: [] })] });
    for (const pod of pods) {
      await eventually(() => expect(pod.output).toMatch(/apps\[0\]\.hosts: /));
      const said = pod.output.length;
      pod.signal('SIGHUP');
      await eventually(() => expect(pod.output.slice(said)).toMatch(/apps\[0\]\.hosts: /));
      expect([await status(pod, 'old'), await status(pod, 'new')]).toEqual([201, 401]);
    }
  });
});
