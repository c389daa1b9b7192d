import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { seeded } from '../support/seeded';
import { ASKED, HERE, statesOf, THERE, World } from '../support/world';

jest.setTimeout(180_000);

const USERS = ['ada', 'bob', 'eve', 'fay', undefined];

/** Connections and departures; each is followed by a question somewhere. */
const STEPS = 150;

/** What is promised when a pod dies is 10 s with leases of 6; here they are a quarter of that. */
const SWEPT_MS = 5000;

describeWithRedis('Three data centres', () => {
  it('have one truth in each answer of every pod, for each option and host, as people come and go', async () => {
    const world = await World.start();
    const random = seeded(5);
    const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
    for (let step = 0; step < STEPS; step += 1) {
      if (world.citizens.size > 4 && random(3) === 0) {
        const leaving = pick([...world.citizens]);
        world.exit(leaving);
        // A tab that closes is on its way out; once one answer has shown it, every later one does.
        const [pod, asked] = [pick(world.pods), pick(ASKED)];
        await eventually(() => world.expectNow(pod, leaving.host, asked), { within: 10_000 });
      } else await world.enter(pick(world.pods), pick(USERS), pick([HERE, HERE, THERE]));
      await world.expectNow(pick(world.pods), pick([HERE, THERE]), pick(ASKED));
    }
    await world.expectTruth();
  });

  it('count a user who is in two of them once each, twice in total, and once among distinct users', async () => {
    const world = await World.start();
    const [us, eu, ap] = world.dcs as [string, string, string];
    await world.enter(world.pod(us), 'ada');
    await world.enter(world.pod(us, 1), 'ada');
    const away = await world.enter(world.pod(eu), 'ada');
    await away.tab.join('salesRoom');
    await world.enter(world.pod(ap), 'bob');
    await world.enter(world.pod(ap));

    expect((await world.pod(ap).totals()).json).toEqual({
      [us]: { authenticated: 1, anonymous: 0 },
      [eu]: { authenticated: 1, anonymous: 0 },
      [ap]: { authenticated: 1, anonymous: 1 },
      _total: { authenticated: 3, anonymous: 1 },
    });
    const spread = await world.pod(us, 1).native('GET', '/v1/datacenters?users=true');
    expect(spread.json).toMatchObject({
      datacenters: [us, eu, ap].map((dc) => ({ dc, state: 'live', pods: 2, authenticated: 1 })),
      total: { authenticated: 3, anonymous: 1, distinctUsers: 2 },
      users: [
        {
          id: 'ada',
          connections: [
            { dc: us, channels: [] },
            { dc: us, channels: [] },
            {
              dc: eu,
              pod: away.tab.session.pod,
              connectionId: away.tab.id,
              channels: [{ channel: 'salesRoom', kind: 'authenticated' }],
            },
          ],
        },
        { id: 'bob', connections: [{ dc: ap }] },
      ],
    });
    expect((await world.pod(us).native('GET', '/v1/datacenters', { host: THERE })).json).toMatchObject({
      total: { authenticated: 0, anonymous: 0, distinctUsers: 0 },
    });
  });

  it('show a profile as the data centre knows it in which the user is', async () => {
    const world = await World.start({ dcs: 2, pods: 1 });
    const [us, eu] = world.dcs as [string, string];
    await world.enter(world.pod(eu), 'ada');
    const email = 'ada@eu.example.com';
    await world.pod(eu).native('PUT', '/v1/users/ada', { body: { email } });

    const { json } = await world.pod(us).totals(HERE, { includeUsers: true });
    expect(json).toMatchObject({ [eu]: { authenticated: [{ id: 'ada', email }] } });
    expect((await world.pod(us).native('GET', '/v1/datacenters?users=true')).json).toMatchObject({
      users: [{ id: 'ada', email }],
    });
  });

  it('lose the people of a pod that was killed, everywhere, and get them back with it', async () => {
    const world = await World.start();
    const [us, eu] = world.dcs as [string, string];
    await world.enter(world.pod(eu), 'bob');
    const lost = [await world.enter(world.pod(eu, 1), 'ada'), await world.enter(world.pod(eu, 1))];
    const doomed = world.cluster.pod(world.pod(eu, 1).name);
    await doomed.kill();
    for (const citizen of lost) world.citizens.delete(citizen);
    await eventually(() => world.expectNow(world.pod(us), HERE, { includeUsers: true }), { within: SWEPT_MS });
    await doomed.start();
    await world.enter(world.pod(eu, 1), 'ada');
    await world.expectTruth();
  });

  it('have nobody in one of which all pods have died, and its people again when they come back', async () => {
    const world = await World.start({ dcs: 2 });
    const [us, eu] = world.dcs as [string, string];
    await world.enter(world.pod(us), 'bob');
    const lost = [await world.enter(world.pod(eu), 'ada'), await world.enter(world.pod(eu, 1))];
    const doomed = world.podsOf(eu).map(({ name }) => world.cluster.pod(name));
    await Promise.all(doomed.map((pod) => pod.kill()));
    for (const citizen of lost) world.citizens.delete(citizen);
    await eventually(() => world.expectNow(world.pod(us), HERE, { includeUsers: true }), { within: SWEPT_MS });
    expect((await world.pod(us).native('GET', '/v1/datacenters?users=true')).json).toMatchObject({
      datacenters: [{ dc: us }, { dc: eu, state: 'live', pods: 0, authenticated: 0, anonymous: 0 }],
      users: [{ id: 'bob' }],
    });
    for (const pod of doomed) await pod.start();
    await world.enter(world.pod(eu), 'fay');
    await world.expectTruth(8000);
  });

  it('are never told without the one that is asked', async () => {
    const world = await World.start({ dcs: 2, pods: 1 }, { DC_STALE_MAX_MS: 500, STALE_MAX_MS: 4000 });
    const [us, eu] = world.dcs as [string, string];
    await world.enter(world.pod(us), 'ada');
    await world.expectTruth();
    await world.cluster.datacenter(us).redis.stop();
    const asked = async () => {
      const answer = await world.pod(us).totals();
      return [answer.status, answer.status === 201 ? statesOf(answer) : {}, answer.json];
    };
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await asked()).toEqual([201, { [us]: 'stale', [eu]: 'live' }, world.bodyOf(HERE)]);
    await eventually(async () => expect((await asked())[0]).toBe(503), { within: 6000 });
  });
});
