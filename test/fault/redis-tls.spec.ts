import { certificateForTest } from '../support/certificate';
import { Crowd } from '../support/crowd';
import { eventually } from '../support/eventually';
import { RedisPod } from '../support/redis-pod';
import { describeWithRedis, type RunningRedis } from '../support/redis-server';
import { redisForTest } from '../support/redis-shop';

jest.setTimeout(90_000);

const PASSWORD = 'a-secret-of-this-test';

/** A server that speaks TLS alone and wants a password, and the file that makes its certificate a trusted one. */
async function redisWithTls(): Promise<{ redis: RunningRedis; authority: string }> {
  const tls = certificateForTest();
  const redis = await redisForTest({ tls, login: `default:${PASSWORD}`, args: ['--requirepass', PASSWORD] });
  return { redis, authority: tls.authority };
}

describeWithRedis('A Redis behind TLS', () => {
  it('serves pods that trust its certificate', async () => {
    const { redis, authority } = await redisWithTls();
    const environment = { REDIS_URL: redis.url, NODE_EXTRA_CA_CERTS: authority };
    const start = (): Promise<RedisPod> => RedisPod.start(redis.port, {}, environment);
    const pods = await Promise.all([start(), start()]);

    const crowd = await Crowd.gathered(pods);
    const [ada, , , eve] = crowd.members;
    const heard = eve?.tab.collect('message');
    await ada?.tab.ask('message:send', { channel: 'hall', message: 'over TLS' });
    await eventually(() => expect(heard).toMatchObject([{ channel: 'hall', message: 'over TLS' }]), { within: 5000 });
    for (const pod of pods) {
      pod.expectSound();
      expect(pod.output).not.toContain(PASSWORD);
    }
  });

  it('is not used by a pod that does not trust its certificate: the pod says why, and is not ready', async () => {
    const { redis } = await redisWithTls();
    const pod = await RedisPod.launch(redis.port, {}, { REDIS_URL: redis.url });

    await eventually(() => expect(pod.output).toMatch(/Redis cannot be reached: .*self-signed certificate/), {
      within: 15_000,
    });
    await pod.becomes(503);
    expect((await pod.message('users')).status).toBe(503);
    expect(pod.output).not.toContain(PASSWORD);
    pod.expectSound();
  });

  it('is not used under another name than that of its certificate', async () => {
    const { redis, authority } = await redisWithTls();
    const url = redis.url.replace('127.0.0.1', 'localhost');
    const pod = await RedisPod.launch(redis.port, {}, { REDIS_URL: url, NODE_EXTRA_CA_CERTS: authority });

    await eventually(() => expect(pod.output).toMatch(/Redis cannot be reached: .*does not match certificate/), {
      within: 15_000,
    });
    await pod.becomes(503);
    expect(pod.output).not.toContain(PASSWORD);
    pod.expectSound();
  });
});
