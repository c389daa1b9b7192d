import { ChildPod } from '../support/child-pod';
import { crowdedShop, guest, mapOf, podEnvironment, presentOn, redisOfTest, tabsOn } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { asUser, tabOf } from '../support/shop';
import type { Tab } from '../support/tab';

type Three = [Rollcall, Rollcall, Rollcall];

async function threePods(environment: Record<string, string> = {}, hosts = ['localhost']): Promise<Three> {
  const { url } = await redisOfTest();
  const start = (): Promise<Rollcall> => Rollcall.start([crowdedShop({ hosts })], { REDIS_URL: url, ...environment });
  return [await start(), await start(), await start()];
}

/** One tab of the user on each pod. */
const everywhere = (pods: Three, userId: string): Promise<Tab[]> =>
  Promise.all(pods.map((pod) => pod.open(tabOf(userId))));

const gone = (tabs: readonly Tab[]): Promise<string[]> =>
  Promise.all(tabs.map(({ socket }) => new Promise<string>((resolve) => socket.once('disconnect', resolve))));

async function tokenFor(pod: Rollcall, userId: string): Promise<string> {
  const { status, json } = await pod.native('POST', `/v1/users/${userId}/tokens`, { body: {} });
  expect(status).toBe(201);
  return (json as { token: string }).token;
}

/** Over REST a message is an object. */
async function send(pod: Rollcall, channels: string | string[], text: string, host = 'localhost'): Promise<void> {
  const { status } = await pod.message('sendmessage', { channels, message: { text } }, { host });
  expect(status).toBe(201);
}

describeWithRedis('Pods of one data centre', () => {
  jest.setTimeout(120_000);

  it('kick a user out of all of them at once, and nobody else', async () => {
    const pods = await threePods();
    const tabs = await everywhere(pods, 'ada');
    const bob = await pods[1].open(tabOf('bob'));
    const closed = gone(tabs);

    const { status, json } = await pods[0].native('DELETE', '/v1/users/ada/connections');

    expect([status, json]).toEqual([200, { closed: 3 }]);
    for (const pod of pods) expect(await tabsOn(pod)).toEqual([bob.id]);
    expect(await closed).toEqual(tabs.map(() => 'io server disconnect'));
    expect(bob.socket.connected).toBe(true);
  });

  it('let a token in everywhere once it is minted, and nowhere once it is revoked', async () => {
    const pods = await threePods();
    const token = await tokenFor(pods[0], 'ada');
    const tabs = await Promise.all(pods.map((pod) => pod.open({ userId: 'ada', token })));
    const closed = gone(tabs);

    expect((await pods[1].native('DELETE', '/v1/users/ada/tokens')).status).toBe(204);

    for (const pod of pods) {
      expect(await mapOf(pod)).toEqual({});
      await expect(pod.open({ userId: 'ada', token })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
      await expect(pod.open(tabOf('ada'))).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    }
    expect(await closed).toEqual(tabs.map(() => 'io server disconnect'));
  });

  it('forget an erased user all at once', async () => {
    const pods = await threePods();
    const token = await tokenFor(pods[0], 'guest');
    await pods[2].native('PUT', '/v1/users/guest', { body: { name: 'A guest' } });
    const tabs = await Promise.all(pods.map((pod) => pod.open({ userId: 'guest', token })));
    await tabs[0]?.ask('presence:set', { status: 'busy', statusText: 'In a call' });
    const closed = gone(tabs);

    expect((await pods[1].native('DELETE', '/v1/users/guest')).status).toBe(204);

    for (const pod of pods) {
      expect(await mapOf(pod)).toEqual({});
      expect(await presentOn(pod)).toEqual(new Map());
      expect((await pod.native('GET', '/v1/users/guest')).status).toBe(404);
      await expect(pod.open({ userId: 'guest', token })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    }
    expect(await closed).toHaveLength(3);
  });

  it('show a changed profile and a chosen status in the next answer of each', async () => {
    const pods = await threePods();
    const [ada] = await everywhere(pods, 'ada');
    for (const [n, pod] of pods.entries()) {
      const email = `ada-${n}@example.org`;
      await pod.native('PUT', '/v1/users/ada', { body: { email, name: `Ada ${n}` } });
      await ada?.ask('presence:set', { status: 'busy', statusText: `Call ${n}` });
      for (const other of pods) {
        expect(await mapOf(other)).toMatchObject({ authenticated: [{ id: 'ada', email }] });
        expect((await presentOn(other)).get('ada')).toBe(`busy Call ${n}`);
        expect((await other.native('GET', '/v1/users/ada')).json).toMatchObject({ email, name: `Ada ${n}` });
      }
    }
  });

  it('set a status over REST, wherever the tabs are, and each shows it in its next answer', async () => {
    const pods = await threePods();
    const headers = asUser('ada');
    const set = async (pod: Rollcall, body: object): Promise<void> => {
      expect((await pod.rocket('POST', 'users.setStatus', { headers, body })).status).toBe(200);
    };
    await set(pods[0], { status: 'away', message: 'On my way' });
    await pods[1].open(tabOf('ada'));
    for (const pod of pods) expect((await presentOn(pod)).get('ada')).toBe('away On my way');

    for (const [n, pod] of pods.entries()) {
      await set(pod, { status: 'busy', message: `Call ${n}` });
      for (const other of pods) {
        expect((await presentOn(other)).get('ada')).toBe(`busy Call ${n}`);
        const { json } = await other.rocket('GET', 'users.getStatus', { headers });
        expect(json).toMatchObject({ _id: 'ada', status: 'busy', connectionStatus: 'online' });
      }
    }
  });

  it('carry messages to the tabs on all of them', async () => {
    const pods = await threePods();
    const tabs = await everywhere(pods, 'ada');
    const visitors = await Promise.all(pods.map((pod) => pod.open()));
    for (const tab of [...tabs, ...visitors]) await tab.join('hall');
    const heard = new Map([...tabs, ...visitors].map((tab) => [tab.id, tab.collect('message')]));
    const hears = async (some: readonly Tab[], channel: string, text: string): Promise<void> => {
      for (const { id } of some) {
        await eventually(
          () => expect(heard.get(id)).toContainEqual(expect.objectContaining({ channel, message: { text } })),
          {
            within: 5000,
          },
        );
      }
    };
    const [ada, visitor] = [tabs[2] as Tab, visitors[1] as Tab];

    expect(await tabs[0]?.ask('message:send', { channel: 'hall', message: { text: 'from ada' } })).toMatchObject({
      ok: true,
      delivered: 2,
    });
    await send(pods[0], 'hall', 'to all in the hall');
    await send(pods[1], ['authenticated'], 'to all who are known');
    await send(pods[2], ['anonymous'], 'to all others');
    await send(pods[0], [`tab|${ada.id}`], 'to one tab');
    await send(pods[0], [`tab|${visitor.id}`], 'to one visitor');
    await send(pods[1], ['user|ada'], 'to a user');

    await hears(tabs.slice(1), 'hall', 'from ada');
    await hears([...tabs, ...visitors], 'hall', 'to all in the hall');
    await hears(tabs, 'authenticated', 'to all who are known');
    await hears(visitors, 'anonymous', 'to all others');
    await hears([ada], `tab|${ada.id}`, 'to one tab');
    await hears([visitor], `tab|${visitor.id}`, 'to one visitor');
    await hears(tabs, 'user|ada', 'to a user');
    // Everything once, and nothing that was meant for others.
    const counts = (some: readonly Tab[]): (number | undefined)[] => some.map(({ id }) => heard.get(id)?.length);
    expect(counts(tabs)).toEqual([3, 4, 5]);
    expect(counts(visitors)).toEqual([2, 3, 2]);
  });

  it('list each other, and forget one that was killed', async () => {
    const environment = { ...podEnvironment(await redisOfTest()), BEAT_MS: '300', LEASE_MS: '2500' };
    const [first, second, third] = (await Promise.all([0, 1, 2].map(() => ChildPod.start({ environment })))) as [
      ChildPod,
      ChildPod,
      ChildPod,
    ];
    const ada = await first.open(tabOf('ada'));
    const instance = ada.session.pod.split('.')[0] ?? '';
    const listed = async (pod: ChildPod) =>
      ((await pod.native('GET', '/v1/pods')).json as { pods: Record<string, unknown>[] }).pods;

    for (const pod of [first, second, third]) {
      await eventually(
        async () => {
          const pods = await listed(pod);
          expect(pods.map(({ connections }) => connections).sort()).toEqual([0, 0, 1]);
          expect(pods.find((one) => one.pod === instance)).toMatchObject({ dc: 'local', connections: 1 });
          for (const { leaseAgeMs, revisionLag } of pods) {
            expect(leaseAgeMs).toBeLessThan(2500);
            expect(revisionLag).toBe(0);
          }
        },
        { within: 5000 },
      );
    }
    await first.end('SIGKILL');
    for (const pod of [second, third]) {
      await eventually(
        async () => {
          const names = (await listed(pod)).map((one) => one.pod);
          expect(names).toHaveLength(2);
          expect(names).not.toContain(instance);
        },
        { within: 10_000 },
      );
    }
  });

  it('keep their hosts apart', async () => {
    const pods = await threePods({}, ['localhost', 'shop.example']);
    const [here, there] = [
      await pods[0].open(tabOf('ada')),
      await pods[1].open({ ...tabOf('bob'), host: 'shop.example' }),
    ];
    for (const tab of [here, there]) await tab.join('hall');
    const heard = [here, there].map((tab) => tab.collect('message'));

    for (const pod of pods) {
      expect(await tabsOn(pod)).toEqual([here.id]);
      const { json } = await pod.message('users', {}, { host: 'shop.example' });
      expect(json).toMatchObject({ hall: [{ id: 'bob' }], [`tab|${there.id}`]: { id: 'bob' } });
      expect(json).not.toHaveProperty([`tab|${here.id}`]);
    }
    await send(pods[2], ['hall', 'user|bob', `tab|${there.id}`, 'authenticated'], 'here');
    await eventually(() => expect(heard[0]).toHaveLength(1), { within: 5000 });
    await send(pods[2], 'hall', 'there', 'shop.example');
    await eventually(() => expect(heard[1]).toMatchObject([{ channel: 'hall', message: { text: 'there' } }]), {
      within: 5000,
    });
    expect(heard[0]).toMatchObject([{ channel: 'hall', message: { text: 'here' } }]);
  });
});

describeWithRedis('Pods of two data centres with one Redis', () => {
  it('see nothing of each other', async () => {
    const { url } = await redisOfTest();
    const start = (dc: string): Promise<Rollcall> => Rollcall.start([crowdedShop()], { REDIS_URL: url, DC: dc });
    const [east, west] = [await start('us-east-1'), await start('eu-west-1')];
    const [ada, visitor] = [await east.open(tabOf('ada')), await west.open()];
    const guests = [await east.open(guest('east')), await west.open(guest('west'))];
    for (const tab of [ada, visitor, ...guests]) await tab.join('hall');
    const heard = [ada, visitor].map((tab) => tab.collect('message'));
    await send(east, 'hall', 'east');
    await send(west, 'hall', 'west');

    expect(await tabsOn(east)).toEqual([ada.id, guests[0]?.id].sort());
    expect(await tabsOn(west)).toEqual([visitor.id, guests[1]?.id].sort());
    expect([...(await presentOn(east)).keys()].sort()).toEqual(['ada', 'east']);
    expect([...(await presentOn(west)).keys()]).toEqual(['west']);
    await eventually(
      () =>
        expect(heard.map((each) => each.map(({ message }) => message))).toEqual([
          [{ text: 'east' }],
          [{ text: 'west' }],
        ]),
      {
        within: 5000,
      },
    );
    for (const pod of [east, west]) {
      const { json } = await pod.native('GET', '/v1/pods');
      expect((json as { pods: object[] }).pods.length).toBeLessThanOrEqual(1);
    }
    expect((await west.native('DELETE', '/v1/users/ada/connections')).json).toEqual({ closed: 0 });
    expect(ada.socket.connected).toBe(true);
  });
});
