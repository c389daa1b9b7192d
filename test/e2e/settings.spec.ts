import { FORBIDDEN, office } from '../support/office';
import { DEMO, Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf } from '../support/shop';

const EMPTY = { users: [], full: true, success: true };
const settings = (broadcastDisabled: boolean) => ({ presence: { broadcastDisabled } });

const put = (rollcall: Rollcall, body: unknown, host?: string) =>
  rollcall.native('PUT', '/v1/settings', { body, ...(host === undefined ? {} : { host }) });
const get = async (rollcall: Rollcall, host?: string): Promise<unknown> =>
  (await rollcall.native('GET', '/v1/settings', host === undefined ? {} : { host })).json;

describe('The settings of an app', () => {
  it.each([true, false])('are as the apps file has them until they are set: broadcastDisabled %s', async (written) => {
    const rollcall = await Rollcall.start([shop({ presence: { broadcastDisabled: written } })]);
    await rollcall.open(tabOf('ada'));
    const isSilent = async (): Promise<boolean> => (await rollcall.presence('?ids=ada')).text === JSON.stringify(EMPTY);

    expect([await get(rollcall), await isSilent()]).toEqual([settings(written), written]);
    for (const now of [!written, written]) {
      expect(await put(rollcall, settings(now))).toMatchObject({ status: 200, json: settings(now) });
      expect([await get(rollcall), await isSilent()]).toEqual([settings(now), now]);
    }
  });

  it('are those of all its hosts, and of no other app', async () => {
    const rollcall = await Rollcall.start([
      shop({ hosts: ['localhost', 'second.example.com'] }),
      shop({ id: 'other', hosts: ['other.example.com'] }),
    ]);
    await put(rollcall, settings(true), 'second.example.com');
    expect(await get(rollcall)).toEqual(settings(true));
    expect((await rollcall.presence()).json).toEqual(EMPTY);
    expect(await get(rollcall, 'other.example.com')).toEqual(settings(false));
    expect((await rollcall.presence('', { host: 'other.example.com' })).json).not.toEqual(EMPTY);
  });

  it.each([
    [{}, 'presence', 'presence must be an object, as {"broadcastDisabled": true}.'],
    [{ presence: true }, 'presence', 'presence must be an object, as {"broadcastDisabled": true}.'],
    [{ presence: [] }, 'presence', 'presence must be an object, as {"broadcastDisabled": true}.'],
    [{ presence: {} }, 'presence.broadcastDisabled', 'presence.broadcastDisabled must be true or false.'],
    [settings('true' as never), 'presence.broadcastDisabled', 'presence.broadcastDisabled must be true or false.'],
    [settings(null as never), 'presence.broadcastDisabled', 'presence.broadcastDisabled must be true or false.'],
    [{ ...settings(true), watch: {} }, 'watch', 'There is no setting "watch".'],
    [{ presence: { broadcastDisabled: true, x: 1 } }, 'presence.x', 'There is no setting "presence.x".'],
    ['{"__proto__":{"presence":{"broadcastDisabled":true}}}', undefined, undefined],
  ])('refuse %j, and stay as they are', async (body, field, detail) => {
    const rollcall = await Rollcall.start([shop()]);
    const expected = field === undefined ? { code: 'BAD_REQUEST' } : { code: 'BAD_REQUEST', field, detail };
    expect(await put(rollcall, body)).toMatchObject({ status: 400, json: expected });
    expect(await get(rollcall)).toEqual(settings(false));
  });

  it('may come with the key in the body', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const body = { apiKey: DEMO.apiKey, ...settings(true) };
    expect(await rollcall.ask('PUT', '/v1/settings', { body })).toMatchObject({ status: 200, json: settings(true) });
  });
});

describe('presence.enableBroadcast', () => {
  it('lets an admin tell of presence again', async () => {
    const { rollcall } = await office({ presence: { broadcastDisabled: true } });
    expect((await rollcall.presence()).json).toEqual(EMPTY);
    for (const body of [undefined, { twoFactorCode: '123456' }]) {
      const answer = await rollcall.rocket('POST', 'presence.enableBroadcast', { headers: asUser('root'), body });
      expect([answer.status, answer.text]).toEqual([200, '{"success":true}']);
      expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
      expect((await rollcall.presence()).json).not.toEqual(EMPTY);
    }
    expect(await get(rollcall)).toEqual(settings(false));
  });

  it('is for admins alone', async () => {
    const { rollcall } = await office({ presence: { broadcastDisabled: true } });
    expect(await rollcall.rocket('POST', 'presence.enableBroadcast', { headers: asUser('ada') })).toMatchObject(
      FORBIDDEN,
    );
    expect((await rollcall.presence()).json).toEqual(EMPTY);
  });
});
