import { ChildPod } from '../support/child-pod';
import { crowdedShop, podEnvironment, presentOn, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { asUser, tabOf } from '../support/shop';

/** How long the status lasts: longer than it takes to kill a pod. */
const LASTS_MS = 3000;
/** How long it is looked at after its end. */
const AFTERWARDS_MS = 1000;

interface Told {
  readonly atMs: number;
  /** What this answer says of Ada; absent: nothing. */
  readonly said?: string;
}

/** Polls, each time with the last answer's time, until that is past a moment. */
async function poll(pod: ChildPod, fromMs: number, untilMs: number): Promise<Told[]> {
  const told: Told[] = [];
  for (let atMs = fromMs; atMs <= untilMs; atMs = told.at(-1)?.atMs ?? 0) {
    const query = `?from=${new Date(atMs).toISOString()}`;
    const { json, headers } = await pod.presence(query, { headers: asUser('bob') });
    const { users, full } = json as { users: { _id: string; status: string; statusText?: string }[]; full: boolean };
    expect(full).toBe(false);
    const row = users.find(({ _id }) => _id === 'ada');
    const time = Number(headers['x-rollcall-time']);
    told.push(
      row === undefined ? { atMs: time } : { atMs: time, said: `${row.status} ${row.statusText ?? ''}`.trim() },
    );
  }
  return told;
}

describeWithRedis('A status that is set for a while', () => {
  jest.setTimeout(120_000);

  it('ends at its moment on all pods, once for each poller, though the pod that set it is killed', async () => {
    const redis = await redisOfTest();
    const environment = podEnvironment(redis);
    const [doomed, ...others] = (await Promise.all([0, 1, 2].map(() => ChildPod.start({ environment })))) as [
      ChildPod,
      ChildPod,
      ChildPod,
    ];
    await others[0]?.open(tabOf('ada'));
    const fromMs = Number((await doomed.presence()).headers['x-rollcall-time']);
    const untilMs = fromMs + LASTS_MS;

    const body = { status: 'busy', message: 'Meeting', expiresAt: new Date(untilMs).toISOString() };
    expect(await doomed.rocket('POST', 'users.setStatus', { headers: asUser('ada'), body })).toMatchObject({
      status: 200,
    });
    const chains = others.map((pod) => poll(pod, fromMs, untilMs + AFTERWARDS_MS));
    await doomed.end('SIGKILL');

    for (const told of await Promise.all(chains)) {
      const heard = told.filter(({ said }) => said !== undefined);
      const before = heard.filter(({ atMs }) => atMs < untilMs);
      expect(new Set(before.map(({ said }) => said))).toEqual(new Set(['busy Meeting']));
      // A poll in the very millisecond tells it, and so does the next one, which begins with that.
      const after = heard.filter(({ atMs }) => atMs > untilMs);
      expect(after.map(({ said }) => said)).toEqual(['online']);
      expect(told.filter(({ atMs }) => atMs < untilMs).length).toBeGreaterThan(10);
    }
    for (const pod of others) expect(await presentOn(pod)).toEqual(new Map([['ada', 'online']]));
  });

  it('is written back with its end when Redis has forgotten it, and ends then', async () => {
    const redis = await redisOfTest();
    const start = (): Promise<Rollcall> => Rollcall.start([crowdedShop()], { REDIS_URL: redis.url, BEAT_MS: '300' });
    const [here, there] = [await start(), await start()];
    await here.open(tabOf('ada'));
    const statusOf = async (): Promise<unknown> =>
      (await there.rocket('GET', 'users.getStatus?userId=ada', { headers: asUser('bob') })).json;
    const untilMs = Number((await here.presence()).headers['x-rollcall-time']) + 2 * LASTS_MS;
    const ends = { statusExpiresAt: new Date(untilMs).toISOString() };
    const body = { status: 'busy', message: 'Meeting', expiresAt: ends.statusExpiresAt };
    expect((await there.rocket('POST', 'users.setStatus', { headers: asUser('ada'), body })).status).toBe(200);
    // The pod on which the user is has seen it, too.
    expect(await presentOn(here)).toEqual(new Map([['ada', 'busy Meeting']]));

    await redis.command('FLUSHALL');

    await eventually(
      async () => {
        const record = String(await redis.command('HGET', '{rollcall:local:localhost}:users', '"ada"'));
        expect(record).toContain(String(untilMs));
      },
      { within: LASTS_MS },
    );
    expect(await statusOf()).toMatchObject({ status: 'busy', ...ends });
    await eventually(async () => expect(await statusOf()).toMatchObject({ status: 'online' }), {
      within: 3 * LASTS_MS,
    });
    expect(await statusOf()).not.toHaveProperty('statusExpiresAt');
    expect(await presentOn(here)).toEqual(new Map([['ada', 'online']]));
  });
});
