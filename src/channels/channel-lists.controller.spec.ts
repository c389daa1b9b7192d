import { type Reading, RosterView, type Views } from '@rollcall/roster';
import type { FastifyReply } from 'fastify';
import { EventEmitter } from 'node:events';
import { rowOf } from '../../test/support/roster-store';
import { Directory, Followed, loadView } from '../../test/support/roster-view';
import type { Caller } from '../auth/caller';
import { LargeAnswers } from '../http/large-answers.service';
import { TurnQueue } from '../http/turn-queue.service';
import { ChannelListTurns } from './channel-list-turns.service';
import { ChannelListsController } from './channel-lists.controller';

const CHANNELS = 201;

describe('The lists of channels', () => {
  let followed: Followed;
  let current: RosterView;
  let turns: TurnQueue;
  let taken: jest.SpyInstance;
  let controller: ChannelListsController;
  let staleMs: number;

  beforeEach(async () => {
    staleMs = 0;
    followed = await Followed.open();
    const names = Array.from({ length: CHANNELS }, (_, n) => `c${n}`);
    const channels = names.map((channel) => ({ kind: 'authenticated' as const, channel }));
    await followed.pod.row('t0', rowOf('user0', { channels }));
    for (let n = 1; n < 201; n += 1) await followed.pod.row(`t${n}`, rowOf(`user${n}`));
    current = followed.view;
    const read = (): Promise<Reading> => Promise.resolve({ view: current, atMs: 0, staleMs, roundTripMs: 0 });
    const views = { read, readRoster: read, current: () => current } as unknown as Views;
    turns = new TurnQueue();
    taken = jest.spyOn(turns, 'turn');
    controller = new ChannelListsController(views, new ChannelListTurns(views, new LargeAnswers(turns)));
  });

  const callerOf = (app: string, apiKey?: object): Caller =>
    ({ app: { id: app }, host: 'a.example', apiKey }) as unknown as Caller;

  function replying() {
    const raw = new EventEmitter();
    const socket = { destroyed: false };
    const headers: Record<string, string> = {};
    const header = (name: string, value: string): void => void (headers[name] = value);
    const request = { raw: Object.assign(new EventEmitter(), { socket }) };
    return { reply: { raw, request, header } as unknown as FastifyReply, headers, leave: () => raw.emit('close') };
  }

  const channels = (limit: number, app = 'shop', reply = replying().reply, apiKey?: object) =>
    controller.activeChannels(callerOf(app, apiKey), { limit: String(limit) }, reply);
  const members = (channel: string, more: Record<string, unknown>) =>
    controller.channelMembers(callerOf('shop'), channel, more, replying().reply);

  it('make small pages at once, however much there is', async () => {
    expect((await channels(20)).channels).toHaveLength(20);
    expect((await members('authenticated', { limit: '20' })).members).toHaveLength(20);
    expect((await members('c0', { limit: '1000' })).members).toHaveLength(1);
    expect(taken).not.toHaveBeenCalled();
  });

  it('make large pages in their turn', async () => {
    expect((await channels(21)).channels).toHaveLength(21);
    expect(taken).toHaveBeenCalledTimes(1);
    expect((await members('authenticated', { limit: '21' })).members).toHaveLength(21);
    expect(taken).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['an app', 'other apps', 'office', undefined],
    ['a key', 'other keys', 'shop', { hash: Buffer.from('another') }],
  ])('make one large page of %s at a time, and let %s have theirs in between', async (_, __, app, apiKey) => {
    const answered: string[] = [];
    const note = (what: string) => () => void answered.push(what);
    const work = jest.spyOn(current.lists, 'channels').mockImplementation(() => {
      const untilMs = performance.now() + 10;
      while (performance.now() < untilMs);
      return [];
    });
    await Promise.all([
      ...[1, 2, 3].map((n) => channels(1000).then(note(`shop ${n}`))),
      channels(1000, app, replying().reply, apiKey).then(note('other')),
    ]);
    expect(answered.indexOf('other')).toBeLessThan(answered.indexOf('shop 3'));
    expect(work).toHaveBeenCalledTimes(4);
  });

  it('show what is so when the turn has come, and how old that is by then', async () => {
    staleMs = 1000;
    const { reply, headers } = replying();
    let go = (): void => undefined;
    taken.mockImplementationOnce(() => new Promise((resolve) => (go = () => resolve(true))));
    const page = channels(1000, 'shop', reply);
    await new Promise((resolve) => setImmediate(resolve));
    await followed.pod.row('t0', rowOf('user0'));
    // The picture is replaced, for instance after a loss.
    current = await loadView(new RosterView(new Directory()), followed.store);
    go();
    expect((await page).channels).toHaveLength(0);
    expect(headers).toEqual({ 'x-rollcall-cursor': current.cursor, 'x-rollcall-stale': '2' });
  });

  it('make nothing for who has gone', async () => {
    const made = jest.spyOn(current.lists, 'channels');
    const { reply, leave } = replying();
    const [first, second] = [channels(1000), channels(1000, 'shop', reply)];
    await Promise.resolve();
    await Promise.resolve();
    leave();
    await expect(second).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await first;
    expect(made).toHaveBeenCalledTimes(1);
  });
});
