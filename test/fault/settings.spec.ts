import { crowdedShop, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { tabOf } from '../support/shop';

const settings = (broadcastDisabled: boolean) => ({ presence: { broadcastDisabled } });

const isSilent = async (pod: Rollcall): Promise<boolean> =>
  (await pod.presence()).text === '{"users":[],"full":true,"success":true}';

describeWithRedis('Settings on several pods', () => {
  jest.setTimeout(60_000);

  it('count in the next answer of every pod, and of pods that come later, until Redis forgets them', async () => {
    const redis = await redisOfTest();
    const start = (): Promise<Rollcall> => Rollcall.start([crowdedShop()], { REDIS_URL: redis.url });
    const pods = [await start(), await start()] as const;
    for (let round = 0; round < 20; round += 1) {
      const disabled = round % 2 === 0;
      const [here, there] = round % 3 === 0 ? pods : [pods[1], pods[0]];
      expect((await here.native('PUT', '/v1/settings', { body: settings(disabled) })).status).toBe(200);
      expect([await isSilent(there), await isSilent(here)]).toEqual([disabled, disabled]);
      expect((await there.native('GET', '/v1/settings')).json).toEqual(settings(disabled));
    }
    await pods[0].native('PUT', '/v1/settings', { body: settings(true) });
    const late = await start();
    expect(await isSilent(late)).toBe(true);

    await redis.command('FLUSHALL');
    for (const pod of [...pods, late]) {
      await eventually(async () => expect(await isSilent(pod)).toBe(false), { within: 5000 });
    }
  });

  it('that forbid to tell of presence silence the watchers of pods that nobody asks, within a second', async () => {
    const redis = await redisOfTest();
    const environment = { REDIS_URL: redis.url, BEAT_MS: '20000', LEASE_MS: '60000' };
    const start = (): Promise<Rollcall> => Rollcall.start([crowdedShop()], environment);
    const [here, there] = [await start(), await start()];
    const [ada, bob] = [await here.open(tabOf('ada')), await there.open(tabOf('bob'))];
    let toldAtMs = 0;
    bob.socket.on('presence:changed', () => (toldAtMs = performance.now()));
    await bob.ask('presence:watch', {});
    const say = async (statusText: string): Promise<void> =>
      expect(await ada.ask('presence:set', { statusText })).toMatchObject({ ok: true });
    await say('here I am');
    await eventually(() => expect(toldAtMs).toBeGreaterThan(0), { within: 5000 });

    expect((await here.native('PUT', '/v1/settings', { body: settings(true) })).status).toBe(200);
    const setAtMs = performance.now();
    for (let n = 0; performance.now() < setAtMs + 2500; n += 1) await say(`a secret, ${n}`);

    expect(toldAtMs - setAtMs).toBeLessThan(1000);
  });
});
