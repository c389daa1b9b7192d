import { eventually } from '../support/eventually';
import { RedisPod } from '../support/redis-pod';
import { describeWithRedis } from '../support/redis-server';
import { redisForTest } from '../support/redis-shop';
import { tabOf } from '../support/shop';

jest.setTimeout(120_000);

describeWithRedis('Several data centres on one Redis', () => {
  it('are as far apart as on several', async () => {
    const { port, url } = await redisForTest();
    const DATACENTERS = `us=${url},eu=${url}`;
    const [us, eu] = await Promise.all([
      RedisPod.start(port, {}, { DC: 'us', DATACENTERS }),
      RedisPod.start(port, {}, { DC: 'eu', DATACENTERS }),
    ]);
    const [ada] = [await us.open(tabOf('ada')), await eu.open(tabOf('ada')), await eu.open()];
    await ada.join('salesRoom');

    for (const pod of [us, eu]) {
      await eventually(async () => {
        const { headers, json } = await pod.message('allusers');
        expect(String(headers['x-rollcall-dc']).split(', ').sort()).toEqual(['eu=live', 'us=live']);
        expect(json).toEqual({
          us: { authenticated: 1, anonymous: 0 },
          eu: { authenticated: 1, anonymous: 1 },
          _total: { authenticated: 2, anonymous: 1 },
        });
      });
    }
    expect((await eu.message('users')).json).not.toHaveProperty('salesRoom');
    expect((await us.native('GET', '/v1/datacenters')).json).toMatchObject({ total: { distinctUsers: 1 } });
    const pods = { pods: [{ dc: 'eu' }] };
    expect((await eu.native('GET', '/v1/pods')).json).toMatchObject(pods);
    for (const pod of [us, eu]) pod.expectSound();
  });
});
