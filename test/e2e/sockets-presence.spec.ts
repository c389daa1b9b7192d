import type { Status } from '@rollcall/contract';
import type { AppsFile } from '../../src/config/apps-file';
import { eventually } from '../support/eventually';
import { DEMO, Rollcall } from '../support/rollcall';
import type { Tab } from '../support/tab';

const STATUSES: readonly Status[] = ['online', 'away', 'busy', 'offline'];
const APP: AppsFile['apps'][number] = {
  id: 'office',
  hosts: ['localhost', 'other.example'],
  apiKeys: [DEMO.apiKey],
  anonymous: true,
  users: [
    { id: DEMO.userId, tokens: [DEMO.token] },
    { id: 'ada', tokens: ['ada-token'] },
  ],
};

interface Row {
  readonly _id: string;
  readonly status: Status;
  readonly statusText?: string;
}

/** An office where the demo user looks on, from no tab of its own. */
async function office(graceMs = 0) {
  const rollcall = await Rollcall.start([APP], { OFFLINE_GRACE_MS: String(graceMs) });
  const open = (host?: string): Promise<Tab> => rollcall.open({ userId: 'ada', token: 'ada-token', host });
  const row = async (host?: string): Promise<Row | undefined> => {
    const { json } = await rollcall.presence('?ids=ada', { host });
    return (json as { users: Row[] }).users[0];
  };
  const shown = async (host?: string): Promise<Status> => (await row(host))?.status ?? 'offline';
  return { rollcall, open, row, shown };
}

/** What has changed since the reply, as a poll with its time sees it. */
async function changedSince(rollcall: Rollcall, time: unknown): Promise<Row[]> {
  const from = new Date(Number(time)).toISOString();
  return ((await rollcall.presence(`?from=${from}`)).json as { users: Row[] }).users;
}

const refused = (code: string): object => ({ ok: false, error: { code, message: expect.any(String) as string } });

describe("A user's status", () => {
  // The rows are what was chosen, the columns what the connections say: some are active, all are idle, there is none.
  it.each<[chosen: Status, active: Status, idle: Status, none: Status]>([
    ['online', 'online', 'away', 'offline'],
    ['away', 'away', 'away', 'offline'],
    ['busy', 'busy', 'busy', 'offline'],
    ['offline', 'offline', 'offline', 'offline'],
  ])('when %s is chosen, is %s, %s or %s', async (status, active, idle, none) => {
    const { open, shown } = await office();
    const [first, second] = [await open(), await open()];

    expect(await first.ask('presence:set', { status })).toEqual({ ok: true, status: active });
    expect(await shown()).toBe(active);
    expect(await first.ask('presence:idle', { idle: true })).toEqual({ ok: true, status: active });
    expect(await shown()).toBe(active);
    expect(await second.ask('presence:idle', { idle: true })).toEqual({ ok: true, status: idle });
    expect(await shown()).toBe(idle);
    expect(await first.ask('presence:idle', { idle: false })).toEqual({ ok: true, status: active });
    expect(await shown()).toBe(active);
    first.close();
    await eventually(async () => expect(await shown()).toBe(idle));
    second.close();
    await eventually(async () => expect(await shown()).toBe(none));
    await open();
    expect(await shown()).toBe(active);
  });

  it('is online with a new tab, and is acknowledged as all answers show it', async () => {
    const { open, shown } = await office();
    const tab = await open();
    expect(await shown()).toBe('online');

    for (const status of [...STATUSES, ...STATUSES.toReversed()]) {
      expect(await tab.ask('presence:set', { status })).toEqual({ ok: true, status });
      expect(await shown()).toBe(status);
    }
    await tab.ask('presence:idle', { idle: true });
    expect(await shown()).toBe('away');
    await open();
    expect(await shown()).toBe('online');
  });

  it('survives a disconnect when it was chosen, and idleness does not', async () => {
    const { open, row, shown } = await office();
    const tab = await open();
    await tab.ask('presence:set', { status: 'busy', statusText: 'In a meeting' });
    await tab.ask('presence:idle', { idle: true });

    tab.close();
    await eventually(async () => expect(await shown()).toBe('offline'));
    const again = await open();

    expect(await row()).toMatchObject({ status: 'busy', statusText: 'In a meeting' });
    expect(await again.ask('presence:set', { status: 'online' })).toEqual({ ok: true, status: 'online' });
  });

  it('belongs to the host', async () => {
    const { open, shown } = await office();
    const [here, there] = [await open(), await open('other.example')];

    await here.ask('presence:set', { status: 'busy' });
    await there.ask('presence:idle', { idle: true });

    expect([await shown(), await shown('other.example')]).toEqual(['busy', 'away']);
  });

  it('keeps what is absent, and clears the text with an empty one', async () => {
    const { open, row } = await office();
    const tab = await open();
    const set = (payload: object): Promise<unknown> => tab.ask('presence:set', payload);

    await set({ status: 'busy', statusText: '  At lunch  ' });
    expect(await row()).toMatchObject({ status: 'busy', statusText: 'At lunch' });
    await set({ statusText: 'x'.repeat(120) });
    expect(await row()).toMatchObject({ status: 'busy', statusText: 'x'.repeat(120) });
    await set({ status: 'away' });
    expect(await row()).toMatchObject({ status: 'away', statusText: 'x'.repeat(120) });
    expect(await set({})).toEqual({ ok: true, status: 'away' });
    expect(await row()).toMatchObject({ status: 'away', statusText: 'x'.repeat(120) });
    await set({ statusText: '' });
    expect(await row()).not.toHaveProperty('statusText');
    expect(await row()).toMatchObject({ status: 'away' });
  });

  it('is not changed by what is refused', async () => {
    const { open, row } = await office();
    const tab = await open();
    await tab.ask('presence:set', { status: 'busy', statusText: 'Here' });
    const before = await row();

    for (const payload of [
      { statusText: 'x'.repeat(121) },
      { status: 'away', statusText: 'x'.repeat(121) },
      { status: 'sleepy', statusText: 'Gone' },
      { status: 'ONLINE' },
      { status: null },
      { status: ['online'] },
      { statusText: 7 },
      { statusText: null },
      { status: '__proto__' },
    ]) {
      expect(await tab.ask('presence:set', payload)).toEqual(refused('BAD_REQUEST'));
    }
    for (const idle of [undefined, null, 1, 'true']) {
      expect(await tab.ask('presence:idle', { idle })).toEqual(refused('BAD_REQUEST'));
    }
    expect(await row()).toEqual(before);
  });

  it('is nothing that an anonymous connection has', async () => {
    const { rollcall } = await office();
    const visitor = await rollcall.open();

    expect(await visitor.ask('presence:set', { status: 'busy' })).toEqual(refused('USER_REQUIRED'));
    expect(await visitor.ask('presence:idle', { idle: true })).toEqual(refused('USER_REQUIRED'));
    expect((await rollcall.presence()).json).toMatchObject({ users: [] });
  });

  it('enters a delta when it changes, and not when it is only said again', async () => {
    const { rollcall, open } = await office();
    const tab = await open();
    await tab.ask('presence:set', { status: 'busy' });
    const poll = async (): Promise<unknown> => {
      // A poll sees what happened in the very millisecond of the one before, so the clock has to move on first.
      const since = Date.now();
      await eventually(() => expect(Date.now()).toBeGreaterThan(since));
      return (await rollcall.presence()).headers['x-rollcall-time'];
    };

    const quiet = await poll();
    await tab.ask('presence:set', { status: 'busy' });
    await tab.ask('presence:idle', { idle: true });
    const second = await open();
    second.close();
    expect(await changedSince(rollcall, quiet)).toEqual([]);

    const busy = await poll();
    await tab.ask('presence:set', { statusText: 'Back at two' });
    expect(await changedSince(rollcall, busy)).toMatchObject([{ _id: 'ada', statusText: 'Back at two' }]);
  });
});

describe('The offline grace', () => {
  it('keeps a user shown for as long as it is set to, while the roster shows the truth at once', async () => {
    const { rollcall, open, shown } = await office(400);
    const tab = await open();
    const closedAtMs = performance.now();

    tab.close();

    await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}), { within: 300 });
    expect(await shown()).toBe('online');
    await eventually(async () => expect(await shown()).toBe('offline'));
    // Its clock counts whole milliseconds.
    expect(performance.now() - closedAtMs).toBeGreaterThanOrEqual(399);
  });

  it('makes a reload no departure', async () => {
    const { rollcall, open, shown } = await office(10_000);
    const tab = await open();
    const { headers } = await rollcall.presence();
    const since = Number(headers['x-rollcall-time']) + 1;

    tab.close();
    await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}));
    expect(await shown()).toBe('online');
    await open();

    expect(await shown()).toBe('online');
    expect(await changedSince(rollcall, since)).toEqual([]);
  });

  it('ends in a delta that shows the user offline', async () => {
    const { rollcall, open, shown } = await office(150);
    const tab = await open();
    tab.close();
    await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}));
    const { headers } = await rollcall.presence();

    await eventually(async () => expect(await shown()).toBe('offline'));

    expect(await changedSince(rollcall, headers['x-rollcall-time'])).toMatchObject([{ _id: 'ada', status: 'offline' }]);
  });

  it('does not hold somebody who has chosen to be offline', async () => {
    const { rollcall, open, shown } = await office(10_000);
    const tab = await open();
    await tab.ask('presence:set', { status: 'offline' });
    expect(await shown()).toBe('offline');

    tab.close();

    await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}));
    expect(await shown()).toBe('offline');
  });
});
