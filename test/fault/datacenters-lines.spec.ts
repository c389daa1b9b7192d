import { PROMISED_MS } from '../support/crowd';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { DC_TIMEOUT_MS, HERE, statesOf, QUIET, THERE, World, type WorldPod } from '../support/world';

jest.setTimeout(180_000);

const DC_STALE_MAX_MS = 4000;

/** Beyond the promise: the asking process and the asked one share two cores with all the others. */
const SLACK_MS = 50;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}

/** A world of three with somebody in each, and a name for each. */
async function peopled(): Promise<{ world: World; us: WorldPod; eu: string }> {
  const world = await World.start({}, { DC_STALE_MAX_MS });
  const [us, eu, ap] = world.dcs as [string, string, string];
  await world.enter(world.pod(us), 'ada');
  await world.enter(world.pod(eu), 'bob');
  await world.enter(world.pod(eu, 1));
  await world.enter(world.pod(ap), 'eve');
  await world.expectTruth();
  return { world, us: world.pod(us), eu };
}

describeWithRedis('The lines between data centres', () => {
  it.each(['cut', 'stall'] as const)(
    'may be gone (%s): what was last known stays, then is left out, and is true again by itself',
    async (trouble) => {
      const { world, us, eu } = await peopled();
      const before = world.bodyOf(HERE);
      world.cluster[trouble](eu);
      const seenFrom = async (pod: WorldPod) => {
        const answer = await pod.totals();
        return [answer.status, statesOf(answer), answer.json] as const;
      };
      const others = world.dcs.filter((dc) => dc !== eu);
      const states = (of: string) => ({ ...Object.fromEntries(others.map((dc) => [dc, 'live'])), [eu]: of });

      expect(await seenFrom(us)).toEqual([201, states('stale'), before]);
      // Nobody here can know what happens there meanwhile.
      const [bob] = [...world.citizens].filter(({ userId }) => userId === 'bob');
      if (bob !== undefined) world.exit(bob);
      await world.enter(world.pod(eu, 1), 'fay');
      await world.enter(world.pod(eu), undefined, THERE);
      expect(await seenFrom(us)).toEqual([201, states('stale'), before]);

      await eventually(
        async () => expect(await seenFrom(us)).toEqual([201, states('missing'), world.bodyOf(HERE, {}, others)]),
        { within: DC_STALE_MAX_MS + 3000 },
      );
      // On the other side it is the rest of the world that is missing.
      const alone = Object.fromEntries(world.dcs.map((dc) => [dc, dc === eu ? 'live' : 'missing']));
      await eventually(
        async () => expect(await seenFrom(world.pod(eu))).toEqual([201, alone, world.bodyOf(HERE, {}, [eu])]),
        { within: DC_STALE_MAX_MS },
      );
      expect((await us.native('GET', '/v1/datacenters?users=true')).json).toMatchObject({
        datacenters: expect.arrayContaining([{ dc: eu, state: 'missing' }]) as unknown,
        total: { authenticated: 2, anonymous: 0, distinctUsers: 2 },
      });

      world.cluster.heal(eu);
      await world.expectTruth(8000);
    },
  );

  it('may stand still: an answer waits no longer than was promised', async () => {
    const { world, us, eu } = await peopled();
    world.cluster.stall(eu);
    const times: number[] = [];
    for (let asked = 0; asked < 40; asked += 1) {
      times.push(await timed(async () => expect((await us.totals()).status).toBe(201)));
    }
    const late = times.filter((ms) => ms > DC_TIMEOUT_MS + SLACK_MS);
    // A machine that stands still for a moment itself is no fault of ours.
    expect(late.length).toBeLessThanOrEqual(2);
    expect(Math.max(...times)).toBeLessThan(DC_TIMEOUT_MS + 20 * SLACK_MS);
    const spread = await timed(() => us.native('GET', '/v1/datacenters?users=true'));
    expect(spread).toBeLessThan(DC_TIMEOUT_MS + 10 * SLACK_MS);
  });

  it('may be slow: a join far away shows within a second, and answers to many at once are live', async () => {
    const { world, us, eu } = await peopled();
    world.cluster.slow(eu, 100);
    await eventually(async () => expect(statesOf(await us.totals())).toMatchObject({ [eu]: 'live' }));
    for (let round = 0; round < 5; round += 1) {
      const fay = await world.enter(world.pod(eu, round % 2), 'fay');
      const shown = async () => expect((await us.totals()).json).toEqual(world.bodyOf(HERE));
      expect(await timed(() => eventually(shown, { within: 5000 }))).toBeLessThan(1000);
      const spread = () => us.native('GET', '/v1/datacenters?users=true');
      await fay.tab.join('far');
      const joined = { channels: [{ channel: 'far', kind: 'authenticated' }] };
      const isShown = async () =>
        expect((await spread()).json).toMatchObject({
          users: expect.arrayContaining([
            expect.objectContaining({ id: 'fay', connections: [expect.objectContaining(joined)] }) as unknown,
          ]) as unknown,
        });
      expect(await timed(() => eventually(isShown, { within: 5000 }))).toBeLessThan(1000);
      world.exit(fay);
    }
    const many = await Promise.all(Array.from({ length: 50 }, () => us.totals()));
    const live = many.filter((answer) => statesOf(answer)[eu] === 'live');
    expect(live.length).toBeGreaterThan(45);
    world.cluster.heal(eu);
    await world.expectTruth();
  });

  it('carry nothing of a host that nobody asks about, and the changes of one that is asked about once', async () => {
    const { world, us, eu } = await peopled();
    const link = world.cluster.link(us.dc, eu);
    const carried = async (work: () => Promise<void>): Promise<number> => {
      const before = link.passed.replies;
      await work();
      return link.passed.replies - before;
    };
    const come = async (host: string, count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) await world.enter(world.pod(eu), 'fay', host);
    };
    const idle = await carried(() => pause(1500));
    const unasked = await carried(async () => {
      await Promise.all([come(QUIET, 40), pause(1500)]);
    });
    expect(unasked).toBeLessThan(3 * idle + 2000);
    // Each pod of the asking data centre hears each change once, however often it is asked meanwhile.
    const changes = await carried(() => come(HERE, 40));
    const asked = await carried(async () => {
      for (let n = 0; n < 40; n += 1) await us.totals();
    });
    expect(changes).toBeGreaterThan(40 * 100);
    expect(asked).toBeLessThan(40 * 400);
  });

  it('do not matter to a data centre of which Redis forgets everything: nobody stays who has left', async () => {
    const { world, us, eu } = await peopled();
    const [bob] = [...world.citizens].filter(({ userId }) => userId === 'bob');
    await world.cluster.datacenter(eu).redis.flush();
    if (bob !== undefined) world.exit(bob);
    // From the old picture to the new one, and none in between in which somebody is missing who is there.
    const fewest = world.figuresOf(eu, HERE) as { authenticated: number; anonymous: number };
    const endsAt = performance.now() + PROMISED_MS;
    let state = '';
    let there = fewest;
    do {
      const answer = await us.totals();
      state = statesOf(answer)[eu] ?? '';
      there = (answer.json as Record<string, typeof fewest>)[eu] ?? { authenticated: -1, anonymous: -1 };
      expect(there.authenticated).toBeGreaterThanOrEqual(fewest.authenticated);
      expect(there.anonymous).toBeGreaterThanOrEqual(fewest.anonymous);
      expect(performance.now()).toBeLessThan(endsAt);
    } while (state !== 'live' || there.authenticated !== fewest.authenticated);
    await world.expectTruth();
  });

  it('may be down when somebody first asks: that data centre is missing, and comes in by itself', async () => {
    const world = await World.start({ pods: 1 }, { DC_STALE_MAX_MS });
    const [us, eu] = world.dcs as [string, string];
    await world.enter(world.pod(eu), 'bob');
    const pod = world.cluster.pod(world.pod(us).name);
    world.cluster.cut(eu);
    await pod.kill();
    await pod.start();
    const answer = await world.pod(us).totals();
    expect(answer.status).toBe(201);
    expect(statesOf(answer)[eu]).toBe('missing');
    expect(answer.json).not.toHaveProperty(eu);
    world.cluster.heal(eu);
    await world.expectTruth(8000);
  });
});
