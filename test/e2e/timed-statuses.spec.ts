import { eventually } from '../support/eventually';
import { asUser, tabOf } from '../support/shop';
import { DONE, office, THERE } from '../support/office';

const MINUTE_MS = 60_000;

const iso = (ms: number): string => new Date(ms).toISOString();

afterEach(() => void jest.restoreAllMocks());

describe('A status that is set for a while', () => {
  /** An office in which Ada has a tab, with the store's clock in the test's hand. */
  async function inOffice() {
    const hand = { nowMs: Date.now() };
    jest.spyOn(Date, 'now').mockImplementation(() => hand.nowMs);
    const { rollcall, get, set, row } = await office({ hosts: ['localhost', THERE] });
    const tab = await rollcall.open(tabOf('ada'));
    const native = async (): Promise<unknown> => (await rollcall.native('GET', '/v1/users/ada')).json;
    const since = async (fromMs: number): Promise<unknown[]> =>
      ((await rollcall.presence(`?from=${iso(fromMs)}`, { headers: asUser('bob') })).json as { users: unknown[] })
        .users;
    return { hand, rollcall, tab, get, set, row, native, since, untilMs: hand.nowMs + MINUTE_MS };
  }

  it('ends at its moment in every answer, and enters the delta with it', async () => {
    const { hand, rollcall, get, set, row, native, since, untilMs } = await inOffice();
    expect(await set({ status: 'busy', message: 'Meeting', expiresAt: iso(untilMs) }, 'ada')).toMatchObject(DONE);

    hand.nowMs = untilMs - 1;
    expect(await row('ada')).toMatchObject({ status: 'busy', statusText: 'Meeting' });
    expect((await get('getStatus', '', 'ada')).text).toBe(
      `{"_id":"ada","connectionStatus":"online","status":"busy","statusExpiresAt":"${iso(untilMs)}","success":true}`,
    );
    expect((await get('getStatus', '?userId=ada', 'bob')).text).toBe(
      `{"_id":"ada","status":"busy","statusExpiresAt":"${iso(untilMs)}","success":true}`,
    );
    expect(await native()).toMatchObject({ status: 'busy', statusText: 'Meeting', statusExpiresAt: iso(untilMs) });
    expect(await since(untilMs - 1)).toEqual([]);

    hand.nowMs = untilMs;
    expect(await row('ada')).toMatchObject({ status: 'online' });
    expect(await row('ada')).not.toHaveProperty('statusText');
    for (const answer of [(await get('getStatus', '', 'ada')).json, await native()]) {
      expect(answer).toMatchObject({ status: 'online' });
      expect(answer).not.toHaveProperty('statusText');
      expect(answer).not.toHaveProperty('statusExpiresAt');
    }
    expect((await get('getPresence', '?userId=ada', 'bob')).json).toEqual({ presence: 'online', success: true });
    expect((await rollcall.presence()).json).toMatchObject({ full: true });
    expect(await since(untilMs)).toMatchObject([{ _id: 'ada', status: 'online' }]);
    hand.nowMs = untilMs + 1;
    expect(await since(untilMs + 1)).toEqual([]);
  });

  it('ends on a host on which nobody is any more', async () => {
    const { hand, tab, set, native, since, untilMs } = await inOffice();
    await set({ status: 'busy', message: 'Back at two', expiresAt: iso(untilMs) }, 'ada');
    tab.close();
    await eventually(async () => expect(await native()).toMatchObject({ connections: [] }));

    expect(await native()).toMatchObject({ status: 'offline', statusText: 'Back at two' });
    hand.nowMs = untilMs;
    expect(await native()).not.toHaveProperty('statusText');
    expect(await since(untilMs)).toMatchObject([{ _id: 'ada', status: 'offline' }]);
  });

  it.each(['REST', 'the socket'])('lasts when it is set anew without an end over %s', async (door) => {
    const { hand, tab, set, row, get, untilMs } = await inOffice();
    await set({ status: 'busy', message: 'Meeting', expiresAt: iso(untilMs) }, 'ada');
    if (door === 'REST') await set({ message: 'Longer' }, 'ada');
    else expect(await tab.ask('presence:set', { statusText: 'Longer' })).toEqual({ ok: true, status: 'busy' });
    expect((await get('getStatus', '', 'ada')).json).not.toHaveProperty('statusExpiresAt');
    hand.nowMs = untilMs;
    expect(await row('ada')).toMatchObject({ status: 'busy', statusText: 'Longer' });
  });

  it('may be that of a text alone, with which the kept status ends, too', async () => {
    const { hand, set, row, untilMs } = await inOffice();
    await set({ status: 'away' }, 'ada');
    await set({ message: 'Lunch', expiresAt: iso(untilMs) }, 'ada');
    expect(await row('ada')).toMatchObject({ status: 'away', statusText: 'Lunch' });
    hand.nowMs = untilMs;
    expect(await row('ada')).toMatchObject({ status: 'online' });
  });

  it('may be set by an admin, and belongs to the host', async () => {
    const { hand, rollcall, set, row, untilMs } = await inOffice();
    await rollcall.open({ ...tabOf('ada'), host: THERE });
    await set({ status: 'busy', userId: 'ada', expiresAt: iso(untilMs) }, 'root');
    await set({ status: 'busy' }, 'ada', THERE);
    hand.nowMs = untilMs;
    expect(await row('ada')).toMatchObject({ status: 'online' });
    expect(await row('ada', THERE)).toMatchObject({ status: 'busy' });
  });

  it.each([
    'soon',
    '1 Jan 10000 00:00:00 GMT',
    '4102444800000',
    4102444800000,
    true,
    ['2099-01-01T00:00:00Z'],
    { year: 2099 },
  ])('is refused with %j for its end', async (expiresAt) => {
    const { set, row } = await inOffice();
    const error = 'expiresAt must be a time in ISO 8601, as 2026-11-20T12:00:00Z. [error-invalid-date]';
    expect(await set({ status: 'busy', expiresAt }, 'ada')).toMatchObject({
      status: 400,
      json: { success: false, error, errorType: 'error-invalid-date' },
    });
    expect(await row('ada')).toMatchObject({ status: 'online' });
  });

  it('has to end in the future by the clock of the store', async () => {
    const { hand, set, row } = await inOffice();
    const refused = await set({ status: 'busy', expiresAt: iso(hand.nowMs) }, 'ada');
    expect(refused).toMatchObject({
      status: 400,
      json: { errorType: 'error-invalid-date', error: 'expiresAt must be in the future. [error-invalid-date]' },
    });
    expect(await row('ada')).toMatchObject({ status: 'online' });
    expect(await set({ status: 'busy', expiresAt: iso(hand.nowMs + 1) }, 'ada')).toMatchObject(DONE);
    expect(await row('ada')).toMatchObject({ status: 'busy' });
  });
});
