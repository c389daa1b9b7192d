import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { enterCrowd, enterLightly, enterPatiently, type LightTab } from '../support/light-tab';
import { eventually } from '../support/eventually';
import { EVERYTHING } from '../support/everything';
import { RedisPod } from '../support/redis-pod';
import { redisForTest } from '../support/redis-shop';
import { describeWithRedis } from '../support/redis-server';
import { appsFile, DEMO } from '../support/rollcall';
import { jwtOf, shop } from '../support/shop';
import { stopAfterTest } from '../support/teardown';

const CROWD = EVERYTHING ? 5000 : 2000;
const SECRET = 'a-secret-of-the-back-end';
const REAL = { BEAT_MS: 2000, LEASE_MS: 10_000, REDIS_TIMEOUT_MS: 2000 };
/** Within which a back end is answered, whatever storm there is. */
const ANSWERED_WITHIN_MS = 2000;

/** As curl sees it: this process is busy with its tabs itself. */
async function ask({ port }: RedisPod): Promise<number> {
  const question = [
    '-H',
    'Host: localhost',
    '-H',
    'Content-Type: application/json',
    '-d',
    JSON.stringify({ apiKey: DEMO.apiKey, channel: 'hall' }),
  ];
  const printed = ['--silent', '--output', '/dev/null', '--write-out', '%{http_code} %{time_total}'];
  const { stdout } = await promisify(execFile)('curl', [
    ...printed,
    ...question,
    `http://127.0.0.1:${port}/message/users`,
  ]);
  const [status, seconds] = stdout.split(' ').map(Number);
  expect(status).toBe(201);
  return 1000 * (seconds ?? Infinity);
}

/** Asks one question after another until told to stop; gives how long each answer took. */
function asking(pod: RedisPod): { stop: () => Promise<readonly number[]> } {
  let stopped = false;
  const took: number[] = [];
  const askOn = async (): Promise<void> => {
    while (!stopped) took.push(await ask(pod));
  };
  const done = askOn();
  // Whoever stops it hears of what went wrong.
  done.catch(() => undefined);
  stopAfterTest(() => void (stopped = true));
  return {
    stop: async () => {
      stopped = true;
      await done;
      return took;
    },
  };
}

describeWithRedis('Thousands of tabs that are cut off, and all come back at the same moment to two pods,', () => {
  it('all get in, some of them later, while back ends are answered', async () => {
    const redis = await redisForTest();
    const app = shop({ jwt: { algorithms: ['HS256'], secret: SECRET } });
    const environment = { APPS_FILE: appsFile({ apps: [app] }) };
    const start = (): Promise<RedisPod> => RedisPod.start(redis.port, REAL, environment);
    const [pod, other] = await Promise.all([start(), start()]);
    const tokens = Array.from({ length: CROWD }, (_, n) => jwtOf({ sub: `user-${n}` }, SECRET));
    let refusals = 0;
    let longestMs = 0;
    const enter = (n: number): Promise<LightTab> =>
      enterPatiently(
        () => enterLightly((n % 2 === 0 ? pod : other).port, { token: tokens[n] }, 'hall'),
        (retryInMs) => {
          refusals += 1;
          longestMs = Math.max(longestMs, retryInMs);
        },
      );
    const crowd = await enterCrowd(CROWD, enter);
    expect((await pod.message('users', { channel: 'hall' })).json).toMatchObject({ hall: { length: CROWD } });

    refusals = 0;
    const back = asking(pod);
    for (const tab of crowd) tab.cut();
    await enterCrowd(CROWD, enter, CROWD);
    const took = await back.stop();
    const slowestMs = Math.max(...took);

    const figures = { slowestMs: Math.round(slowestMs), answers: took.length, refusals, longestMs };
    expect({ ...figures, isInTime: slowestMs < ANSWERED_WITHIN_MS }).toMatchObject({ isInTime: true });
    expect(took.length).toBeGreaterThan(1);
    // Each was told when to come, and none was turned away over and over.
    expect(refusals).toBeLessThan(3 * CROWD);
    expect(longestMs).toBeLessThan(32_000);
    await eventually(
      async () => {
        const { json } = await pod.message('users', { channel: 'hall' });
        expect(json).toMatchObject({ hall: { length: CROWD } });
      },
      { within: 10_000 },
    );
    for (const one of [pod, other]) one.expectSound();
  }, 180_000);
});
