import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalRosters } from '@rollcall/roster';
import { TurnQueue } from '../../src/http/turn-queue.service';
import { eventually } from '../support/eventually';
import { type Answer, DEMO, Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf, tokenOf } from '../support/shop';
import type { Tab } from '../support/tab';

interface Changes {
  readonly cursor: string;
  readonly full: boolean;
  readonly channels: readonly Record<string, unknown>[];
  readonly presence: readonly { readonly _id: string; readonly status: string }[];
}

const IDS = ['ada', 'bob', 'cyd'];
const member = (id: string): object => ({ id, username: id, name: id, email: null });

async function shopWithChanges() {
  const users = IDS.map((id) => ({ id, tokens: [tokenOf(id)] }));
  const rollcall = await Rollcall.start([shop({ users, anonymous: true, hosts: ['localhost', 'other.example.com'] })], {
    OFFLINE_GRACE_MS: '0',
  });
  const ask = (query: Record<string, string | number>, host?: string): Promise<Answer> =>
    rollcall.native('GET', `/v1/changes?${new URLSearchParams(query as Record<string, string>).toString()}`, { host });
  const changes = async (query: Record<string, string | number>, host?: string): Promise<Changes> =>
    (await ask(query, host)).json as Changes;
  const enter = async (id: string, host?: string): Promise<Tab> => {
    const tab = await rollcall.open({ ...tabOf(id), ...(host === undefined ? {} : { host }) });
    await tab.join('lobby');
    return tab;
  };
  return { rollcall, ask, changes, enter };
}

const quick = { waitSeconds: 0 };

describe('GET /v1/changes', () => {
  it('tells everything without a cursor, and then what is different', async () => {
    const { rollcall, changes, enter } = await shopWithChanges();
    const ada = await enter('ada');
    const guest = await rollcall.open();
    await guest.join('lobby');

    const all = await changes({});
    expect(all).toEqual({
      cursor: expect.any(String) as string,
      full: true,
      channels: [
        { channel: 'lobby', kind: 'authenticated', users: [member('ada')], anonymous: 0 },
        { channel: 'lobby', kind: 'anonymous', users: [], anonymous: 1 },
      ],
      presence: [expect.objectContaining({ _id: 'ada', status: 'online' })],
    });
    expect(await changes({ ...quick, cursor: all.cursor })).toMatchObject({ full: false, channels: [], presence: [] });
    await enter('bob');
    ada.close();
    guest.close();
    await eventually(async () => {
      const { channels, presence } = await changes({ ...quick, cursor: all.cursor });
      expect(channels).toEqual([
        { channel: 'lobby', kind: 'authenticated', joined: [member('bob')], left: ['ada'], anonymous: 0 },
        { channel: 'lobby', kind: 'anonymous', joined: [], left: [], anonymous: 0 },
      ]);
      expect(presence).toMatchObject([
        { _id: 'bob', status: 'online' },
        { _id: 'ada', status: 'offline' },
      ]);
    });
  });

  it('waits for the first change, and no longer than it was told to', async () => {
    const { changes, enter } = await shopWithChanges();
    await enter('ada');
    const { cursor } = await changes({});
    const startedAt = performance.now();
    expect(await changes({ cursor, waitSeconds: 1 })).toMatchObject({ full: false, channels: [], presence: [] });
    expect(performance.now() - startedAt).toBeGreaterThan(950);

    const waiting = changes({ cursor });
    let isOver = false;
    void waiting.then(() => (isOver = true));
    await changes({ ...quick, cursor });
    expect(isOver).toBe(false);
    await enter('bob');
    expect(await waiting).toMatchObject({ presence: [{ _id: 'bob' }] });
  });

  it('never misses a change, nor tells one twice, in a chain of polls', async () => {
    const { changes, enter } = await shopWithChanges();
    await enter('ada');
    let { cursor } = await changes({});
    const heard: string[] = [];
    const expected: string[] = [];
    const tabs: Tab[] = [];
    for (let round = 0; round < 20; round += 1) {
      const polled = changes({ cursor, waitSeconds: 2 });
      const id = ['bob', 'cyd'][round % 2] as string;
      if (round % 4 < 2) tabs.push(await enter(id));
      else tabs.shift()?.close();
      expected.push(`${id} ${round % 4 < 2 ? 'came' : 'went'}`);
      const { cursor: next, channels } = await polled;
      cursor = next;
      for (const { joined, left } of channels as unknown as { joined: { id: string }[]; left: string[] }[]) {
        heard.push(...joined.map((one) => `${one.id} came`), ...left.map((one) => `${one} went`));
      }
    }
    await eventually(async () => {
      const last = await changes({ cursor, ...quick });
      cursor = last.cursor;
      for (const { joined, left } of last.channels as unknown as { joined: { id: string }[]; left: string[] }[]) {
        heard.push(...joined.map((one) => `${one.id} came`), ...left.map((one) => `${one} went`));
      }
      expect(heard).toEqual(expected);
    });
  });

  it('takes the cursors of all others, and gives its own to them', async () => {
    const { rollcall, changes, enter } = await shopWithChanges();
    const ada = await enter('ada');
    const { cursor: joined } = await ada.join('lobby');
    const { cursor: watched } = await ada.ask('channel:watch', { channel: 'lobby' });
    const { headers } = await rollcall.message('users');
    await enter('bob');
    const members = await rollcall.native('GET', '/v1/channels/lobby/members?limit=1');
    const { nextCursor } = members.json as { nextCursor: string };
    const presence = await rollcall.presence('', { headers: asUser('ada') });
    await enter('cyd');
    const names = async (cursor: unknown): Promise<string[]> => {
      const { full, channels } = await changes({ ...quick, cursor: String(cursor), channel: 'lobby' });
      expect(full).toBe(false);
      return channels.flatMap(({ joined: all }) => (all as { id: string }[]).map(({ id }) => id));
    };
    for (const cursor of [joined, watched, headers['x-rollcall-cursor']]) {
      expect(await names(cursor)).toEqual(['bob', 'cyd']);
    }
    for (const cursor of [nextCursor, members.headers['x-rollcall-cursor'], presence.headers['x-rollcall-cursor']]) {
      expect(await names(cursor)).toEqual(['cyd']);
    }
    const { cursor: last } = await changes({ ...quick });
    expect(await ada.ask('channel:watch', { channel: 'lobby', cursor: last })).toMatchObject({ changes: [] });
    expect(await ada.ask('channel:watch', { channel: 'lobby', cursor: nextCursor })).toMatchObject({
      changes: [{ joined: [{ id: 'cyd' }] }],
    });
    const fromStart = await rollcall.native('GET', `/v1/channels/lobby/members?cursor=${last}&limit=2`);
    expect(fromStart.json).toMatchObject({ members: [{ id: 'ada' }, { id: 'bob' }] });
    const next = (fromStart.json as { nextCursor: string }).nextCursor;
    expect(next.startsWith(`${last}~`)).toBe(true);
    const second = await rollcall.native('GET', `/v1/channels/lobby/members?cursor=${next}&limit=2`);
    expect(second.json).toMatchObject({ members: [{ id: 'cyd' }] });
  });

  it('belongs to the host, whatever cursor is given', async () => {
    const { changes, enter } = await shopWithChanges();
    await enter('ada');
    const { cursor } = await changes({});
    expect(await changes({ cursor }, 'other.example.com')).toMatchObject({ full: true, channels: [], presence: [] });
  });

  it.each([
    ['waitSeconds=26', /^waitSeconds must/],
    ['waitSeconds=-1', /^waitSeconds must/],
    ['waitSeconds=x', /^waitSeconds must/],
    ['waitSeconds=1&waitSeconds=2', /^waitSeconds may be given once/],
    ['channel=', /^channel /],
    ['presence=maybe', /^presence must/],
  ])('refuses %s', async (query, detail) => {
    const { rollcall } = await shopWithChanges();
    const { status, json } = await rollcall.native('GET', `/v1/changes?${query}`);
    expect([status, (json as { detail: string }).detail]).toEqual([400, expect.stringMatching(detail)]);
  });

  it('refuses a cursor of unbounded length', async () => {
    const { ask } = await shopWithChanges();
    expect(await ask({ cursor: 'x'.repeat(3000) })).toMatchObject({ status: 400, json: { code: 'BAD_REQUEST' } });
  });

  it('refuses to tell too much at once, however it is asked, and says how to get there', async () => {
    const { rollcall, ask, changes, enter } = await shopWithChanges();
    const roster = rollcall.app.get(LocalRosters).of('localhost');
    const written = Array.from({ length: 500 }, (_, n) => {
      void roster.connect(`c-${n}`, { id: `user-${n}`, claims: null });
      const rooms = Array.from({ length: 101 }, (_each, room) => `room-${room}`);
      return Promise.all(rooms.map((room) => roster.join(`c-${n}`, 'authenticated', room)));
    });
    await Promise.all(written);
    const large = { status: 413, json: { code: 'PAYLOAD_TOO_LARGE' } };
    expect(await ask({})).toMatchObject(large);
    const forgotten = 'kVn0y2mQ3xZp.42.Xy1Zk9QwErTy.1795251947711';
    const { json } = await ask({ cursor: forgotten, waitSeconds: 25 });
    expect(json).toMatchObject(large.json);
    const cursor = /cursor=(\S+)\.$/.exec((json as { detail: string }).detail)?.[1] ?? '';
    await enter('ada');
    expect(await changes({ ...quick, cursor })).toMatchObject({
      full: false,
      channels: [{ channel: 'lobby', joined: [member('ada')] }],
      presence: expect.arrayContaining([expect.objectContaining({ _id: 'ada' })]) as unknown,
    });
    const { full, channels } = await changes({ channel: 'room-100' });
    expect([full, channels.map(({ users }) => (users as unknown[]).length)]).toEqual([true, [500]]);
  });

  it('makes everything for nobody who has hung up while they waited for their turn', async () => {
    const { rollcall } = await shopWithChanges();
    const queue = rollcall.app.get(TurnQueue);
    // Something large was made: the pause after it is as long.
    await queue.turn('somebody', new AbortController().signal);
    const untilMs = performance.now() + 1000;
    while (performance.now() < untilMs);
    const turns = jest.spyOn(queue, 'turn');
    const headers = `host: localhost\r\nauthorization: Bearer ${DEMO.apiKey}\r\n`;
    const caller = connect(rollcall.port, '127.0.0.1').on('error', () => undefined);
    caller.write(`GET /v1/changes HTTP/1.1\r\n${headers}\r\n`.repeat(3));
    await eventually(() => expect(turns).toHaveBeenCalledTimes(3));
    caller.destroy();
    expect(await Promise.all(turns.mock.results.map(({ value }) => value as Promise<boolean>))).toEqual(
      Array.from({ length: 3 }, () => false),
    );
  });

  it('lets go of callers who have gone, and answers those who wait when the pod ends', async () => {
    const { rollcall, changes, enter } = await shopWithChanges();
    await enter('ada');
    const { cursor } = await changes({});
    const aborted = new AbortController();
    const given = request({
      port: rollcall.port,
      host: '127.0.0.1',
      path: `/v1/changes?cursor=${cursor}`,
      headers: { host: 'localhost', authorization: `Bearer ${DEMO.apiKey}` },
      signal: aborted.signal,
    }).end();
    const waiting = changes({ cursor });
    await expect(Promise.race([waiting, sleep(100)])).resolves.toBeUndefined();
    aborted.abort();
    await once(given, 'error');
    const startedAt = performance.now();
    const closing = rollcall.app.close();
    expect(await waiting).toMatchObject({ full: false });
    await closing;
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
