import { type RosterStore, settled, shownAt, type UserRecord } from '@rollcall/roster';
import { cellOf, CHOSEN_MS, LEFT_MS, PRESENCE_CASES, type PresenceCase } from '../support/presence-table';
import { Heard, HOST, OFFLINE_GRACE_MS, rowOf, type RosterStoreHarness, stored, Writer } from '../support/roster-store';

const MINUTE_MS = 60_000;

/** The part of the contract that is about choices which end by themselves, and the presence rule as a whole. */
export function describeTimedChoices(harness: () => RosterStoreHarness): void {
  let store: RosterStore;
  let pod: Writer;

  beforeEach(() => {
    store = harness().store;
    pod = new Writer(store, HOST, 'pod-1');
  });

  const advanceClock = (ms: number): Promise<void> => harness().advanceClock(ms);
  const nowMs = async (): Promise<number> => (await store.now(HOST, 0)).atMs;

  const known = async (userId: string): Promise<UserRecord> => {
    const found = (await stored(store, HOST)).users.get(userId);
    if (found === undefined) throw new Error(`Nothing is stored of ${userId}.`);
    return found;
  };

  const shown = async (userId: string): Promise<unknown[]> => {
    const { status, text, stampMs } = shownAt(await known(userId), await nowMs());
    return [status, text, stampMs];
  };

  it('shows each case of the presence rule as the table says, also when it is written down afterwards', async () => {
    const cases = PRESENCE_CASES.map((each, at) => ({ ...each, userId: `user-${at}` }));
    const here = await pod.write({
      rows: cases.map(({ userId, tabs }) => ({
        connectionId: userId,
        row: rowOf(userId, { active: tabs === 'active' }),
      })),
    });
    const at = async (ms: number): Promise<void> => advanceClock(here.atMs + ms - (await nowMs()));
    const cellsOf = async (some: readonly (PresenceCase & { userId: string })[]): Promise<string[]> => {
      const [{ users }, atMs] = [await stored(store, HOST), await nowMs()];
      return some.map(({ userId }) => {
        const record = users.get(userId);
        return record === undefined ? 'nothing' : cellOf(shownAt(record, atMs), here.atMs);
      });
    };

    await at(CHOSEN_MS);
    await pod.write({
      users: cases.map(({ userId, chosen, text, untilMs }) => ({
        ...{ userId, status: chosen, statusText: text },
        ...(untilMs === 0 ? {} : { untilMs: here.atMs + untilMs }),
      })),
    });
    await at(LEFT_MS);
    await pod.gone(...cases.filter(({ left }) => left).map(({ userId }) => userId));
    for (const askedMs of [...new Set(cases.map((each) => each.askedMs))].sort((a, b) => a - b)) {
      await at(askedMs);
      const asked = cases.filter((each) => each.askedMs === askedMs);
      const expected = asked.map(({ cell }) => cell);
      expect(await cellsOf(asked)).toEqual(expected);
      await pod.write({ users: asked.map(({ userId }) => ({ userId })) });
      expect(await cellsOf(asked)).toEqual(expected);
      const { users } = await stored(store, HOST);
      const running = asked.filter(({ userId }) => (users.get(userId)?.untilMs ?? 0) > 0);
      expect(
        running.every(({ timer, text, chosen }) => timer !== 'early' && (text !== '' || chosen !== 'online')),
      ).toBe(true);
    }
  });

  describe('a timed choice', () => {
    /** Ada is here, and busy for a minute. */
    const busyForAMinute = async (): Promise<{ cameMs: number; untilMs: number }> => {
      const { atMs: cameMs } = await pod.row('c1', rowOf('ada'));
      const untilMs = cameMs + MINUTE_MS;
      await pod.write({ users: [{ userId: 'ada', status: 'busy', statusText: 'meeting', untilMs }] });
      return { cameMs, untilMs };
    };

    it('is kept with its end, for listeners, too', async () => {
      const heard = await Heard.on(store, HOST);
      const { untilMs } = await busyForAMinute();
      expect(await known('ada')).toMatchObject({ chosen: 'busy', text: 'meeting', untilMs });
      const entries = await heard.upTo(await store.head(HOST));
      expect(entries.at(-1)?.users).toMatchObject([['ada', { chosen: 'busy', text: 'meeting', untilMs }]]);
      heard.close();
    });

    it('ends at its moment without a write, and stays so when others follow', async () => {
      const { cameMs, untilMs } = await busyForAMinute();
      await advanceClock(MINUTE_MS - 1);
      expect(await shown('ada')).toEqual(['busy', 'meeting', cameMs]);
      await advanceClock(1);
      expect(await shown('ada')).toEqual(['online', '', untilMs]);
      await advanceClock(5000);
      await pod.row('c2', rowOf('ada'));
      expect(await shown('ada')).toEqual(['online', '', untilMs]);
      expect(await known('ada')).toMatchObject({ chosen: 'online', text: '', untilMs: 0, connections: 2 });
    });

    it.each([
      ['another status', { status: 'away' }, ['away', 'meeting']],
      ['another text', { statusText: 'call' }, ['busy', 'call']],
      ['the same once more', { status: 'busy', statusText: 'meeting' }, ['busy', 'meeting']],
    ] as const)('lasts when it is replaced by %s without an end', async (_name, choice, expected) => {
      await busyForAMinute();
      await pod.write({ users: [{ userId: 'ada', ...choice }] });
      await advanceClock(60 * MINUTE_MS);
      expect((await shown('ada')).slice(0, 2)).toEqual(expected);
      expect(await known('ada')).toMatchObject({ untilMs: 0 });
    });

    it('has the end of the choice that replaces it', async () => {
      const { untilMs } = await busyForAMinute();
      await pod.write({ users: [{ userId: 'ada', statusText: 'long meeting', untilMs: untilMs + MINUTE_MS }] });
      await advanceClock(MINUTE_MS);
      expect((await shown('ada')).slice(0, 2)).toEqual(['busy', 'long meeting']);
      await advanceClock(MINUTE_MS);
      expect(await shown('ada')).toEqual(['online', '', untilMs + MINUTE_MS]);
    });

    it('is not touched by a write that chooses nothing, nor by one that only names an end', async () => {
      const { untilMs } = await busyForAMinute();
      await pod.write({ users: [{ userId: 'ada' }, { userId: 'ada', untilMs: untilMs + 1 }] });
      expect(await known('ada')).toMatchObject({ chosen: 'busy', untilMs });
    });

    it('is over for good: what is chosen after it does not bring the rest back', async () => {
      await busyForAMinute();
      await advanceClock(2 * MINUTE_MS);
      const { atMs } = await pod.write({ users: [{ userId: 'ada', statusText: 'hello' }] });
      expect(await shown('ada')).toEqual(['online', 'hello', atMs]);
    });

    it('that has ended when it is written chooses nothing, and takes away what was there', async () => {
      const { cameMs } = await busyForAMinute();
      const { atMs } = await pod.write({ users: [{ userId: 'ada', status: 'away', untilMs: cameMs }] });
      expect(await shown('ada')).toEqual(['online', '', atMs]);
      expect(await known('ada')).toMatchObject({ chosen: 'online', text: '', untilMs: 0 });
    });

    it('is forgotten with the user', async () => {
      await busyForAMinute();
      await pod.write({ users: [{ userId: 'ada', erasedAtMs: await nowMs() }] });
      expect(await known('ada')).toMatchObject({ chosen: 'online', text: '', untilMs: 0 });
    });

    it('ends where nobody is there, with one text of any kind', async () => {
      const text = 'a "quoted",0] 7,8 \\';
      const untilMs = (await nowMs()) + MINUTE_MS;
      await pod.write({ users: [{ userId: 'ada', statusText: text, untilMs }] });
      expect((await shown('ada')).slice(0, 2)).toEqual(['offline', text]);
      await pod.row('c1', rowOf('ada'));
      expect((await shown('ada')).slice(0, 2)).toEqual(['online', text]);
      await advanceClock(MINUTE_MS);
      expect(await shown('ada')).toEqual(['online', '', untilMs]);
    });

    it('ends during a grace: the text goes, and who left stays shown until the departure', async () => {
      const { atMs } = await pod.row('c1', rowOf('ada'));
      const untilMs = atMs + 1000;
      await pod.write({ users: [{ userId: 'ada', status: 'busy', statusText: 'meeting', untilMs }] });
      await pod.gone('c1');
      await advanceClock(1000);
      expect(await shown('ada')).toEqual(['busy', '', untilMs]);
      await advanceClock(OFFLINE_GRACE_MS - 1000);
      expect(await shown('ada')).toEqual(['offline', '', atMs + OFFLINE_GRACE_MS]);
    });

    it('is settled as the rule says by a sweep, too', async () => {
      const { untilMs } = await busyForAMinute();
      harness().leasesLast(-1);
      await store.beat(HOST, pod.life);
      await advanceClock(2 * MINUTE_MS);
      const expected = settled(await known('ada'), await nowMs());
      const [lease] = await store.leases(HOST);
      await store.sweep(HOST, 'pod-1', lease?.score ?? 0, '0');
      const left = await known('ada');
      expect(left).toMatchObject({ connections: 0, chosen: 'online', text: '', untilMs: 0, previousStampMs: untilMs });
      expect(left.was).toBe(expected.was);
    });

    it('that is remembered from before a loss counts with its end where nothing has been chosen', async () => {
      const untilMs = (await nowMs()) + MINUTE_MS;
      const remembered = { status: 'busy', statusText: 'meeting', restore: true } as const;
      await pod.row('c1', rowOf('ada'));
      await pod.row('c2', rowOf('bob'));
      await pod.write({
        users: [
          { userId: 'ada', ...remembered, untilMs },
          { userId: 'bob', ...remembered, untilMs: untilMs - MINUTE_MS },
        ],
      });
      expect(await known('ada')).toMatchObject({ chosen: 'busy', text: 'meeting', untilMs });
      expect(await known('bob')).toMatchObject({ chosen: 'online', text: '', untilMs: 0 });
      await advanceClock(MINUTE_MS);
      const lasting = { userId: 'ada', ...remembered, statusText: 'later' };
      await pod.write({ users: [lasting] });
      expect(await known('ada')).toMatchObject({ chosen: 'busy', text: 'later', untilMs: 0 });
    });

    it('keeps a user who left until 15 minutes after its end, and no longer', async () => {
      const { untilMs } = await busyForAMinute();
      await pod.write({ users: [{ userId: 'ada', status: 'busy', untilMs: untilMs + 60 * MINUTE_MS }] });
      await pod.gone('c1');
      for (const ms of [60 * MINUTE_MS, 16 * MINUTE_MS]) {
        expect(await known('ada')).toBeDefined();
        await advanceClock(ms);
        await pod.row('other', rowOf(null));
        await pod.gone('other');
      }
      expect(await known('ada')).toBeDefined();
      await advanceClock(1);
      await pod.row('other', rowOf(null));
      expect((await stored(store, HOST)).users.has('ada')).toBe(false);
    });
  });
}
