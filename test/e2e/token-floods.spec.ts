import { Authenticator } from '../../src/auth/authenticator.service';
import { AT_ONCE_MAX, WAIT_MAX_MS } from '../../src/auth/signature-queue';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { asUser, shop } from '../support/shop';
import { signed, type SigningKey, signingKey } from '../support/signing-keys';

const THERE = 'other.example.com';

describe('JWTs that come over REST all at once', () => {
  let key: SigningKey;
  let token: string;
  /** Ends the checks that have begun. */
  let held: (() => void)[];
  let aheadMs: number;

  beforeAll(async () => {
    key = await signingKey('ES256');
    token = await signed(key, { aud: ['here', 'there'] });
  });

  beforeEach(() => {
    [held, aheadMs] = [[], 0];
    const verify = crypto.subtle.verify.bind(crypto.subtle);
    jest.spyOn(crypto.subtle, 'verify').mockImplementation(async (...args) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return verify(...args);
    });
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  });

  afterEach(() => void jest.restoreAllMocks());

  const release = (): void => {
    for (const end of held.splice(0)) end();
  };

  async function started() {
    const jwt = (audience: string) => ({ algorithms: ['ES256' as const], publicKeys: [key.pem], audience });
    const other = shop({ id: 'other', hosts: [THERE], apiKeys: ['key-there'], jwt: jwt('there') });
    const rollcall = await Rollcall.start([shop({ jwt: jwt('here') }), other]);
    const headers = { 'x-auth-token': token, 'x-user-id': 'ada' };
    const ask = async (host = 'localhost') => (await rollcall.presence('', { host, headers })).status;
    return { rollcall, ask };
  }

  it('are checked a few at a time, and neither a socket nor another app waits behind them', async () => {
    const { rollcall, ask } = await started();
    const asked = Array.from({ length: AT_ONCE_MAX + 10 }, () => ask());
    await eventually(() => expect(held).toHaveLength(AT_ONCE_MAX));

    const tab = rollcall.open({ token });
    await eventually(() => expect(held).toHaveLength(AT_ONCE_MAX + 1));
    held.pop()?.();
    expect((await tab).session.user?.id).toBe('ada');
    const refreshed = (await tab).ask('auth:refresh', { token });
    await eventually(() => expect(held).toHaveLength(AT_ONCE_MAX + 1));
    held.pop()?.();
    expect(await refreshed).toMatchObject({ ok: true });
    const there = ask(THERE);
    await eventually(() => expect(held).toHaveLength(AT_ONCE_MAX + 1));
    held.pop()?.();
    expect(await there).toBe(200);

    release();
    await eventually(() => expect(held).toHaveLength(10));
    release();
    expect(await Promise.all(asked)).toEqual(asked.map(() => 200));
  });

  it('are refused unchecked when they have waited for too long, and whoever comes then is served', async () => {
    const { rollcall, ask } = await started();
    const identify = jest.spyOn(Authenticator.prototype, 'identify');
    const first = Array.from({ length: AT_ONCE_MAX }, () => ask());
    await eventually(() => expect(held).toHaveLength(AT_ONCE_MAX));
    const late = Array.from({ length: 10 }, () => ask());
    const checks = jest.mocked(crypto.subtle.verify).mock.calls;
    await eventually(() => expect(identify).toHaveBeenCalledTimes(AT_ONCE_MAX + 10));
    // All of them wait when one that came after them, and does not have to, has been answered.
    expect((await rollcall.presence('', { headers: asUser('bob') })).status).toBe(200);
    aheadMs = WAIT_MAX_MS + 1;
    release();
    expect(await Promise.all(first)).toEqual(first.map(() => 200));
    expect(await Promise.all(late)).toEqual(late.map(() => 503));
    expect(checks).toHaveLength(AT_ONCE_MAX);
    const next = ask();
    await eventually(() => expect(held).toHaveLength(1));
    release();
    expect(await next).toBe(200);
  });
});
