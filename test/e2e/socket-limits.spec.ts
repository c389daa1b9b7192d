import { MESSAGE_MAX_BYTES, NAME_MAX_LENGTH } from '@rollcall/contract';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf, type WrittenApp } from '../support/shop';
import type { TabOptions } from '../support/tab';

const OTHER = 'other.example.com';

type Limits = NonNullable<WrittenApp['limits']>;
const start = (limits: Limits, environment: Record<string, string> = {}): Promise<Rollcall> =>
  Rollcall.start([shop({ hosts: ['localhost', OTHER], limits })], environment);

const NAMES_FULL = "The names of a connection's channels may have 16384 bytes of UTF-8 together at most.";

const refused = (message: string) => ({ code: 'RATE_LIMITED', message });
const from = (address: string): TabOptions => ({ client: { extraHeaders: { 'x-forwarded-for': address } } });
const joined = async (answers: Promise<{ ok: boolean }>[]): Promise<boolean[]> =>
  (await Promise.all(answers)).map(({ ok }) => ok);

describe('Connections', () => {
  it('of one host are as many as the app says, and no more', async () => {
    const rollcall = await start({ connectionsPerHost: 3 });
    const full = refused('There may be 3 connections of one host at most.');
    const tabs = [await rollcall.open(), await rollcall.open(tabOf('ada')), await rollcall.open()];
    for (const options of [{}, tabOf('ada'), tabOf('bob')]) {
      await expect(rollcall.open(options)).rejects.toMatchObject(full);
    }
    await rollcall.open({ host: OTHER });

    tabs[0]?.close();
    await eventually(async () => void (await rollcall.open()));
    await expect(rollcall.open()).rejects.toMatchObject(full);
  });

  it('of one user to a host are as many as the app says, and no more', async () => {
    const rollcall = await start({ connectionsPerUser: 2 });
    const full = refused('There may be 2 connections of one user of this host at most.');
    const [first] = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('ada'))];
    await expect(rollcall.open(tabOf('ada'))).rejects.toMatchObject(full);
    for (const options of [tabOf('bob'), {}, {}, {}, { ...tabOf('ada'), host: OTHER }]) await rollcall.open(options);

    first.vanish();
    await eventually(async () => void (await rollcall.open(tabOf('ada'))));
    await expect(rollcall.open(tabOf('ada'))).rejects.toMatchObject(full);
  });

  it('that come at once get in as far as there is room', async () => {
    const rollcall = await start({ connectionsPerHost: 12, connectionsPerUser: 5 });
    const settled = await Promise.allSettled([
      ...Array.from({ length: 20 }, () => rollcall.open(tabOf('ada'))),
      ...Array.from({ length: 20 }, () => rollcall.open()),
    ]);
    const inside = settled.map(({ status }) => status === 'fulfilled');
    expect(inside.slice(0, 20).filter(Boolean).length).toBeLessThanOrEqual(5);
    expect(inside.filter(Boolean)).toHaveLength(12);
  });

  it('that were refused, or did not wait, take no place', async () => {
    const rollcall = await start({ connectionsPerHost: 2, connectionsPerUser: 1 });
    await rollcall.open(tabOf('ada'));
    for (let n = 0; n < 5; n += 1) {
      await expect(rollcall.open(tabOf('ada'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
      await expect(rollcall.open({ userId: 'bob', token: 'no' })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    }
    await rollcall.open(tabOf('bob'));
  });

  it('from one address are not counted, unless the app says so', async () => {
    const rollcall = await start({}, { TRUST_PROXY: 'true' });
    for (let n = 0; n < 12; n += 1) await rollcall.open(from('192.0.2.1'));
  });

  it('from one address are as many as the app says, by the word of the proxy', async () => {
    const rollcall = await start({ connectionsPerIp: 2 }, { TRUST_PROXY: 'true' });
    const full = refused('There may be 2 connections of one address at most.');
    const [first] = [await rollcall.open(from('192.0.2.1')), await rollcall.open(from('6.6.6.6, 192.0.2.1'))];
    await expect(rollcall.open(from('192.0.2.1'))).rejects.toMatchObject(full);
    await expect(rollcall.open(from('7.7.7.7, 192.0.2.1'))).rejects.toMatchObject(full);
    await rollcall.open(from('192.0.2.2'));
    for (const address of ['2001:db8::1', '2001:db8::2']) await rollcall.open(from(address));
    await expect(rollcall.open(from('2001:db8::3'))).rejects.toMatchObject(full);
    first.close();
    await eventually(async () => void (await rollcall.open(from('192.0.2.1'))));
  });

  it('from one address are counted by their sockets where no proxy is trusted', async () => {
    const rollcall = await start({ connectionsPerIp: 2 });
    for (const address of ['192.0.2.1', '192.0.2.2']) await rollcall.open(from(address));
    await expect(rollcall.open(from('192.0.2.3'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe('Channels of a host', () => {
  it('are as many as the app says, each kind by itself, until one is empty', async () => {
    const rollcall = await start({ channelsPerHost: 3 });
    const [ada, bob, visitor] = [
      await rollcall.open(tabOf('ada')),
      await rollcall.open(tabOf('bob')),
      await rollcall.open(),
    ];
    expect([await ada.join('a'), await ada.join('b'), await visitor.join('b')].every(({ ok }) => ok)).toBe(true);
    const full = { ok: false, error: refused('There may be 3 channels on this host at most.') };
    expect(await bob.join('c')).toEqual(full);
    expect(await visitor.join('a')).toEqual(full);
    expect(await bob.join('a')).toMatchObject({ ok: true });
    expect(await ada.join('a')).toMatchObject({ ok: true });
    expect(await (await rollcall.open({ host: OTHER })).join('c')).toMatchObject({ ok: true });
    await ada.ask('channel:leave', { channel: 'b' });
    expect(await bob.join('c')).toMatchObject({ ok: true });
  });

  it('are no more when many are made at once', async () => {
    const rollcall = await start({ channelsPerHost: 10 });
    const tabs = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('bob'))];
    const names = Array.from({ length: 15 }, (_, n) => `room-${n}`);
    const answers = await joined(tabs.flatMap((tab) => names.map((name) => tab.join(name))));
    const { authenticated } = (await rollcall.message('channels')).json as { authenticated: string[] };
    expect(authenticated).toHaveLength(10);
    expect(answers.filter(Boolean)).toHaveLength(20);
  });
});

describe('A connection', () => {
  it('may join so often in a second, and is told when it is too often; a channel it is in costs nothing', async () => {
    const rollcall = await start({ joinsPerSecond: 3 });
    const tab = await rollcall.open();
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(names.map((name) => tab.join(name)));
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    const message = 'At most 3 joins a second are taken from a connection.';
    expect(answers[3]).toEqual({ ok: false, error: refused(message) });
    expect(await tab.join('a')).toMatchObject({ ok: true });
    expect(await tab.ask('message:send', { channel: 'a', message: 1 })).toMatchObject({ ok: true });
    await eventually(async () => expect(await tab.join('d')).toMatchObject({ ok: true }));
  });

  it('may be in channels whose names have 16 KiB together, to the byte, and no more until it leaves one', async () => {
    const rollcall = await start({});
    const tab = await rollcall.open(tabOf('ada'));
    const full = { ok: false, error: refused(NAMES_FULL) };
    // 256 bytes each, and 255 characters: 64 are all that there is room for, whichever kind they are of.
    const nameOf = (n: number): string => `${n}é`.padEnd(NAME_MAX_LENGTH, 'x');
    const join = (name: string, anonymous: boolean): ReturnType<typeof tab.ask> =>
      tab.ask('channel:join', { channel: name, anonymous });
    const answers = await joined(Array.from({ length: 70 }, (_, n) => join(nameOf(n), n % 2 === 0)));
    expect([answers.indexOf(false), answers.filter(Boolean).length]).toEqual([64, 64]);
    expect(await tab.join('a')).toEqual(full);
    expect(await join(nameOf(0), true)).toMatchObject({ ok: true });
    expect(await join(nameOf(0), false)).toEqual(full);

    const other = await rollcall.open(tabOf('ada'));
    expect(await other.join('a')).toMatchObject({ ok: true });
    await tab.ask('channel:leave', { channel: nameOf(0), anonymous: true });
    expect(await tab.join(`${nameOf(70).slice(1)}€`)).toEqual(full);
    expect(await tab.join('b')).toMatchObject({ ok: true });
    expect(await tab.join(nameOf(71))).toEqual(full);
    expect(await tab.join(nameOf(71).slice(1))).toMatchObject({ ok: true });
    expect(await tab.join('c')).toEqual(full);
    expect(await tab.ask('presence:idle', { idle: true })).toMatchObject({ ok: true });
    expect(await tab.ask('message:send', { channel: nameOf(1), message: 1 })).toMatchObject({ ok: true });
  });

  it('may send so often in a second, and is told when it is too often', async () => {
    const rollcall = await start({ messagesPerSecond: 3 });
    const [tab, other] = [await rollcall.open(), await rollcall.open()];
    for (const one of [tab, other]) await one.join('a');
    const heard = other.collect('message');
    const send = (): ReturnType<typeof tab.ask> => tab.ask('message:send', { channel: 'a', message: 1 });
    const answers = await Promise.all([send(), send(), send(), send()]);
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    const message = 'At most 3 messages a second are taken from a connection.';
    expect(answers[3]).toEqual({ ok: false, error: refused(message) });
    expect(await tab.join('b')).toMatchObject({ ok: true });
    await eventually(() => expect(heard).toHaveLength(3));
    await eventually(async () => expect(await send()).toMatchObject({ ok: true }));
  });

  it.each([
    ['as the app says', 100, { messageBytes: 100 }],
    ['64 KiB', MESSAGE_MAX_BYTES, {}],
  ])('may send messages of %s, to the byte', async (_what, bytes, limits) => {
    const rollcall = await start(limits);
    const tab = await rollcall.open();
    await tab.join('a');
    const send = (length: number): ReturnType<typeof tab.ask> =>
      tab.ask('message:send', { channel: 'a', message: `é${'x'.repeat(length - 4)}` });
    expect(await send(bytes)).toMatchObject({ ok: true });
    const message = `message may have ${bytes} bytes of JSON.`;
    expect(await send(bytes + 1)).toEqual({ ok: false, error: { code: 'PAYLOAD_TOO_LARGE', message } });
  });
});
