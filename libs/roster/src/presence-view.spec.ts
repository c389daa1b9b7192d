import type { PresenceRow } from '@rollcall/contract';
import { rowOf } from '../../../test/support/roster-store';
import { Followed, GRACE_MS, parsed, START_MS } from '../../../test/support/roster-view';
import type { PresenceView } from './presence-view';

describe('The presence of a host’s users', () => {
  let followed: Followed;
  let presence: PresenceView;

  beforeEach(async () => {
    followed = await Followed.open();
    presence = followed.view.presence;
  });

  /** Moves the clock to so many ms after the start. */
  const at = (ms: number): number => (followed.nowMs = START_MS + ms);
  const rows = (json: string): PresenceRow[] => parsed(json) as PresenceRow[];
  const brief = (json: string): string[] => rows(json).map(({ _id, status }) => `${_id} ${status}`);
  const full = (ms: number): string[] => brief(presence.full(START_MS + ms).toString()).sort();
  const since = (fromMs: number, ms: number, caller = 'caller'): string[] =>
    brief(presence.since(START_MS + fromMs, START_MS + ms, caller)).sort();

  describe('of one user', () => {
    it('knows what the connections alone say, whatever was chosen', async () => {
      const said = (): unknown[] => ['ada', 'bob', 'eve'].map((id) => presence.connectionStatus(id));
      await followed.pod.row('t1', rowOf('ada'));
      await followed.pod.row('t2', rowOf('bob', { active: false }));
      await followed.pod.write({ users: [{ userId: 'ada', status: 'offline' }] });
      await followed.pod.write({ users: [{ userId: 'bob', status: 'busy' }] });
      await followed.pod.write({ users: [{ userId: 'eve', status: 'busy' }] });
      expect(said()).toEqual(['online', 'away', 'offline']);
      await followed.pod.gone('t1');
      expect(said()).toEqual(['offline', 'away', 'offline']);
    });

    it('knows who is here, and who has been or has chosen something, but not who was forgotten', async () => {
      const known = (): string[] => ['ada', 'bob', 'cyd', 'dan'].filter((id) => presence.knows(id, followed.nowMs));
      await followed.pod.row('t1', rowOf('ada', { claims: null }));
      await followed.pod.row('t2', rowOf('bob', { claims: { name: 'Bob' } }));
      await followed.pod.write({ users: [{ userId: 'cyd', statusText: 'soon' }] });
      expect(known()).toEqual(['ada', 'bob', 'cyd']);
      await followed.pod.gone('t1');
      await followed.pod.gone('t2');
      expect(known()).toEqual(['bob', 'cyd']);
      for (const userId of ['bob', 'cyd']) await followed.pod.write({ users: [{ userId, erasedAtMs: START_MS }] });
      expect(known()).toEqual([]);
    });

    it('finds whom a username belongs to: by the claims of a token where nothing is laid down, else by the id', async () => {
      followed.directory.details.set('bob', { username: 'bobby' });
      await followed.pod.row('t1', rowOf('ada', { claims: { username: 'countess' } }));
      await followed.pod.row('t2', rowOf('bob', { claims: { username: 'claimed' } }));
      await followed.pod.row('t3', rowOf('cyd', { claims: null }));
      const found = ['countess', 'ada', 'bob', 'claimed', 'cyd', 'nobody', '__proto__'].map((name) =>
        presence.idOf(name, followed.nowMs),
      );
      expect(found).toEqual(['ada', undefined, undefined, undefined, 'cyd', undefined, undefined]);
    });
  });

  describe('in the full list', () => {
    it('has the document’s keys, and none that was never set', async () => {
      followed.directory.details.set('bob', { username: 'bobby', name: 'Bob', utcOffset: -3.5, avatarETag: 'tag' });
      await followed.pod.row('t1', rowOf('ada', { claims: { name: 'Ada' } }));
      await followed.pod.row('t2', rowOf('bob'));
      await followed.pod.write({ users: [{ userId: 'bob', status: 'busy', statusText: 'lunch' }] });
      expect(rows(presence.full(START_MS).toString())).toEqual([
        { _id: 'ada', name: 'Ada', username: 'ada', status: 'online', utcOffset: 0 },
        {
          _id: 'bob',
          name: 'Bob',
          username: 'bobby',
          status: 'busy',
          utcOffset: -3.5,
          avatarETag: 'tag',
          statusText: 'lunch',
        },
      ]);
      await followed.pod.write({ users: [{ userId: 'bob', statusText: '' }] });
      expect(rows(presence.full(START_MS).toString())[1]).not.toHaveProperty('statusText');
    });

    it('leaves out who is offline, by choice or by absence', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      await followed.pod.row('t2', rowOf('bob', { active: false }));
      await followed.pod.row('t3', rowOf('cyd'));
      await followed.pod.write({ users: [{ userId: 'cyd', status: 'offline' }] });
      await followed.pod.write({ users: [{ userId: 'dan', statusText: 'never here' }] });
      expect(full(0)).toEqual(['ada online', 'bob away']);
      expect(['ada', 'bob', 'cyd', 'dan', 'eve'].map((id) => presence.statusAt(id, START_MS))).toEqual([
        'online',
        'away',
        'offline',
        'offline',
        'offline',
      ]);
    });

    it('is kept, and made anew when a departure takes effect by itself', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      await followed.pod.row('t2', rowOf('bob'));
      at(1000);
      await followed.pod.gone('t1');
      at(1500);
      await followed.pod.gone('t2');
      expect(full(1500)).toEqual(['ada online', 'bob online']);
      expect(full(999 + GRACE_MS)).toEqual(['ada online', 'bob online']);
      expect(full(1000 + GRACE_MS)).toEqual(['bob online']);
      expect(full(1499 + GRACE_MS)).toEqual(['bob online']);
      expect(full(1500 + GRACE_MS)).toEqual([]);
      expect(full(1500)).toEqual(['ada online', 'bob online']);
    });

    it('follows a profile that changed', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      expect(rows(presence.full(START_MS).toString())).toMatchObject([{ name: 'ada' }]);
      followed.directory.details.set('ada', { name: 'Ada L.' });
      followed.view.profileChanged('ada');
      expect(rows(presence.full(START_MS).toString())).toMatchObject([{ name: 'Ada L.' }]);
      expect(rows(presence.of(['ada'], START_MS))).toMatchObject([{ name: 'Ada L.' }]);
    });
  });

  describe('shown to watchers', () => {
    const shown = (): unknown[] => presence.rows(START_MS).map(({ _id, name, status }) => `${_id} ${name} ${status}`);

    it('has the names that count now, from the directory, from tokens, or of users who were no bots', async () => {
      followed.directory.details.set('cat', { name: 'Cat', bot: true });
      await followed.pod.row('t1', rowOf('ada'));
      expect(shown()).toEqual(['ada ada online', 'cat Cat online']);
      followed.directory.details.set('ada', { name: 'Ada L.' });
      followed.view.profileChanged('ada');
      expect(shown()).toEqual(['ada Ada L. online', 'cat Cat online']);
      expect(followed.view.member('ada', false)).toMatchObject({ name: 'Ada L.' });
      followed.directory.details.delete('ada');
      followed.directory.details.set('cat', { name: 'Tom', bot: true });
      followed.view.allProfilesChanged();
      expect(shown()).toEqual(['ada ada online', 'cat Tom online']);
      followed.directory.details.set('ada', { bot: true });
      followed.view.profileChanged('ada');
      await followed.pod.gone('t1');
      expect(presence.rows(START_MS + 60_000).map(({ _id }) => _id)).toEqual(['ada', 'cat']);
    });
  });

  it('is given for the users asked for, in the order of asking, without the offline ones', async () => {
    await followed.pod.row('t1', rowOf('ada'));
    await followed.pod.row('t2', rowOf('bob'));
    await followed.pod.row('t3', rowOf('cyd'));
    await followed.pod.gone('t3');
    expect(brief(presence.of(['bob', 'nobody', 'cyd', 'ada'], START_MS + GRACE_MS))).toEqual([
      'bob online',
      'ada online',
    ]);
    expect(presence.of([], START_MS)).toBe('[]');
  });

  describe('in a delta', () => {
    it('has who changed at or after the time asked for, and no one else', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      at(1000);
      await followed.pod.row('t2', rowOf('bob'));
      at(2000);
      await followed.pod.row('t3', rowOf('ada'));
      expect(since(0, 2000)).toEqual(['ada online', 'bob online']);
      expect(since(1, 2000)).toEqual(['bob online']);
      expect(since(1000, 2000)).toEqual(['bob online']);
      expect(since(1001, 2000)).toEqual([]);
      expect(since(60_000, 2000)).toEqual([]);
    });

    it('has a departure from the moment it takes effect, stamped with that moment', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      at(1000);
      await followed.pod.gone('t1');
      expect(since(500, 1000)).toEqual([]);
      expect(since(0, 1000)).toEqual(['ada online']);
      expect(since(500, 999 + GRACE_MS)).toEqual([]);
      expect(since(500, 1000 + GRACE_MS)).toEqual(['ada offline']);
      expect(since(1000 + GRACE_MS, 9000)).toEqual(['ada offline']);
      expect(since(1001 + GRACE_MS, 9000)).toEqual([]);
      // Time goes back while the store is away.
      expect(since(0, 999 + GRACE_MS)).toEqual(['ada online']);
      expect(since(0, 1000 + GRACE_MS)).toEqual(['ada offline']);
    });

    it('has nothing of a departure that never took effect', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      at(1000);
      await followed.pod.gone('t1');
      at(2000);
      await followed.pod.row('t2', rowOf('ada'));
      expect(since(1, 60_000)).toEqual([]);
      expect(since(0, 60_000)).toEqual(['ada online']);
    });

    it('has each user once, as it is now', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      at(100);
      await followed.pod.write({ users: [{ userId: 'ada', status: 'busy' }] });
      at(200);
      await followed.pod.gone('t1');
      at(300);
      await followed.pod.write({ users: [{ userId: 'ada', statusText: 'bye' }] });
      expect(rows(presence.since(START_MS, START_MS + 400, 'caller'))).toEqual([
        { _id: 'ada', name: 'ada', username: 'ada', status: 'busy', utcOffset: 0, statusText: 'bye' },
      ]);
      expect(since(0, 200 + GRACE_MS)).toEqual(['ada offline']);
    });

    it('leaves out the caller', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      await followed.pod.row('t2', rowOf('bob'));
      expect(since(0, 0, 'ada')).toEqual(['bob online']);
    });

    it('has no profile edits', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      at(1000);
      followed.directory.details.set('ada', { name: 'Ada L.' });
      followed.view.profileChanged('ada');
      expect(since(1, 1000)).toEqual([]);
    });

    it('is the same from a view that was loaded late', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      await followed.pod.row('t2', rowOf('bob'));
      await followed.pod.row('t3', rowOf('cyd'));
      at(1000);
      await followed.pod.write({ users: [{ userId: 'bob', status: 'busy' }] });
      await followed.pod.gone('t1');
      const late = (await followed.fresh()).presence;
      for (const [fromMs, ms] of [[0, 1000] as const, [1, 1000] as const, [1, 9000] as const, [1001, 9000] as const]) {
        expect(brief(late.since(START_MS + fromMs, START_MS + ms, 'caller')).sort()).toEqual(since(fromMs, ms));
      }
      expect(since(1001, 9000)).toEqual(['ada offline']);
    });

    it('is complete for ten minutes, whatever happens meanwhile', async () => {
      const ids = Array.from({ length: 400 }, (_, n) => `user-${n}`);
      for (const [n, id] of ids.entries()) {
        at(n * 3000);
        await followed.pod.row(id, rowOf(id));
      }
      const last = 399 * 3000;
      expect(since(last - 600_000, last)).toHaveLength(201);
    });
  });

  describe('of a timed choice', () => {
    const shown = (json: string): unknown[] =>
      rows(json).map(({ _id, status, statusText }) => [_id, status, statusText]);
    const ids = (ms: number): unknown[] => shown(presence.of(['ada', 'cat'], START_MS + ms));
    const delta = (fromMs: number, ms: number): unknown[] =>
      shown(presence.since(START_MS + fromMs, START_MS + ms, 'caller'));

    const busyUntil = async (userId: string, ms: number): Promise<void> => {
      await followed.pod.row(`tab-of-${userId}`, rowOf(userId));
      await followed.pod.write({
        users: [{ userId, status: 'busy', statusText: 'meeting', untilMs: START_MS + ms }],
      });
    };

    it('ends in every answer at its moment, and stands before it even when time goes back', async () => {
      await busyUntil('ada', 5000);
      for (const [ms, expected] of [
        [4999, ['ada', 'busy', 'meeting']],
        [5000, ['ada', 'online', undefined]],
        [4999, ['ada', 'busy', 'meeting']],
        [9000, ['ada', 'online', undefined]],
      ] as const) {
        const atMs = START_MS + ms;
        expect(shown(presence.full(atMs).toString())).toEqual([expected]);
        expect(ids(ms)).toEqual([expected]);
        expect(delta(0, ms)).toEqual([expected]);
        expect([presence.statusAt('ada', atMs), presence.textAt('ada', atMs)]).toEqual([
          expected[1],
          expected[2] ?? '',
        ]);
      }
    });

    it('is in a delta once, from its end on', async () => {
      await busyUntil('ada', 5000);
      expect(delta(1, 4999)).toEqual([]);
      expect(delta(1, 5000)).toEqual([['ada', 'online', undefined]]);
      expect(delta(5000, 9000)).toEqual([['ada', 'online', undefined]]);
      expect(delta(5001, 9000)).toEqual([]);
      expect(shown(presence.since(START_MS, START_MS + 9000, 'ada'))).toEqual([]);
      const late = (await followed.fresh()).presence;
      expect(shown(late.since(START_MS + 5000, START_MS + 9000, 'caller'))).toEqual([['ada', 'online', undefined]]);
    });

    it('is in a delta of the texts alone when somebody who is gone had one', async () => {
      await busyUntil('ada', 60_000);
      await followed.pod.gone('tab-of-ada');
      expect(delta(GRACE_MS, 59_999)).toEqual([['ada', 'offline', 'meeting']]);
      expect(delta(60_000, 60_000)).toEqual([['ada', 'offline', undefined]]);
    });

    it('takes the text of a bot, too', async () => {
      followed.directory.details.set('cat', { bot: true });
      await busyUntil('cat', 5000);
      expect(ids(4999)).toEqual([['cat', 'online', 'meeting']]);
      expect(ids(5000)).toEqual([['cat', 'online', undefined]]);
      expect(shown(presence.full(START_MS + 5000).toString())).toEqual([['cat', 'online', undefined]]);
      expect(delta(0, 9000)).toEqual([]);
    });

    it('tells when it ends for as long as it stands, and is what would be written again', async () => {
      await busyUntil('ada', 5000);
      const endsAt = (ms: number): number | undefined => presence.choiceEndsAtMs('ada', START_MS + ms);
      expect([endsAt(0), endsAt(4999), endsAt(5000)]).toEqual([START_MS + 5000, START_MS + 5000, undefined]);
      expect(presence.choiceOf('ada')).toEqual({
        status: 'busy',
        statusText: 'meeting',
        untilMs: START_MS + 5000,
        erasedAtMs: 0,
      });
      await followed.pod.write({ users: [{ userId: 'ada', status: 'away' }] });
      expect(endsAt(0)).toBeUndefined();
      expect(presence.choiceOf('ada')).toEqual({ status: 'away', statusText: 'meeting', untilMs: 0, erasedAtMs: 0 });
      expect(presence.choiceEndsAtMs('nobody', START_MS)).toBeUndefined();
    });

    it('makes nobody known any more when it is over', async () => {
      await followed.pod.write({ users: [{ userId: 'ada', status: 'busy', untilMs: START_MS + 5000 }] });
      expect([presence.knows('ada', START_MS + 4999), presence.idOf('ada', START_MS + 4999)]).toEqual([true, 'ada']);
      expect([presence.knows('ada', START_MS + 5000), presence.idOf('ada', START_MS + 5000)]).toEqual([
        false,
        undefined,
      ]);
    });
  });

  describe('of a bot', () => {
    beforeEach(() => {
      followed.directory.details.set('cat', { name: 'Cat', bot: true });
    });

    it('is online always, connected or not, whatever was chosen', async () => {
      expect(full(0)).toEqual(['cat online']);
      await followed.pod.row('t1', rowOf('cat', { active: false }));
      await followed.pod.write({ users: [{ userId: 'cat', status: 'offline' }] });
      expect(full(0)).toEqual(['cat online']);
      expect(brief(presence.of(['cat'], START_MS))).toEqual(['cat online']);
      await followed.pod.gone('t1');
      expect(full(60_000)).toEqual(['cat online']);
      expect(presence.statusAt('cat', START_MS + 60_000)).toBe('online');
    });

    it('enters no delta', async () => {
      await followed.pod.row('t1', rowOf('cat'));
      await followed.pod.write({ users: [{ userId: 'cat', statusText: 'meow' }] });
      await followed.pod.gone('t1');
      expect(since(0, 60_000)).toEqual([]);
    });

    it('is as the directory says now', async () => {
      expect(rows(presence.full(START_MS).toString())).toMatchObject([{ name: 'Cat' }]);
      followed.directory.details.set('cat', { name: 'Tom', bot: true });
      followed.view.profileChanged('cat');
      expect(rows(presence.full(START_MS).toString())).toMatchObject([{ name: 'Tom' }]);
      followed.directory.details.delete('cat');
      followed.view.profileChanged('cat');
      expect(full(0)).toEqual([]);
      await followed.pod.row('t1', rowOf('cat'));
      expect(since(0, 0)).toEqual(['cat online']);
    });
  });

  it('is not known of users who were forgotten', async () => {
    await followed.pod.row('t1', rowOf('ada', { claims: { name: 'Ada' } }));
    await followed.pod.gone('t1');
    at(20 * 60_000);
    await followed.pod.row('t2', rowOf('bob'));
    expect(presence.record('ada')).toBeUndefined();
    expect(full(20 * 60_000)).toEqual(['bob online']);
    expect(since(0, 20 * 60_000)).toEqual(['bob online']);
    expect(presence.profile('ada')).toMatchObject({ name: 'ada', email: null });
  });
});
