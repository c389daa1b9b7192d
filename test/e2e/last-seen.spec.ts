import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { jwtOf, shop, tabOf, type WrittenApp } from '../support/shop';
import type { Tab, TabOptions } from '../support/tab';

const SECRET = 'a-secret-of-the-back-end';
const THERE = 'other.example.com';

interface Told {
  readonly status: number;
  readonly lastSeenAt?: string;
}

async function open(more: Partial<WrittenApp> = {}) {
  const jwt = { algorithms: ['HS256' as const], secret: SECRET };
  const rollcall = await Rollcall.start([shop({ hosts: ['localhost', THERE], jwt, ...more })]);
  const told = async (userId: string, host?: string): Promise<Told> => {
    const { status, json } = await rollcall.native('GET', `/v1/users/${userId}`, host === undefined ? {} : { host });
    return { ...(json as object), status };
  };
  const gone = async (userId: string, tab: Tab, host?: string): Promise<void> => {
    tab.close();
    await eventually(async () => expect(await told(userId, host)).not.toMatchObject({ connections: [{}] }));
  };
  const visit = async (userId: string, options: TabOptions): Promise<void> =>
    gone(userId, await rollcall.open(options), options.host);
  return { rollcall, told, gone, visit };
}

describe('lastSeenAt of an app that wants it', () => {
  const opted = { presence: { lastSeen: true } };

  it('is when the last connection on the host went, and absent while there is one', async () => {
    const { rollcall, told, gone } = await open(opted);
    expect(await told('ada')).toMatchObject({ status: 200 });
    expect(await told('ada')).not.toHaveProperty('lastSeenAt');
    const tabs = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('ada'))] as const;
    tabs[0].close();
    await eventually(async () =>
      expect(await told('ada')).toMatchObject({ connections: [{ connectionId: tabs[1].id }] }),
    );
    expect(await told('ada')).not.toHaveProperty('lastSeenAt');

    const beforeMs = Date.now();
    await gone('ada', tabs[1]);
    const { lastSeenAt = '' } = await told('ada');
    expect(Date.parse(lastSeenAt)).toBeGreaterThanOrEqual(beforeMs);
    expect(Date.parse(lastSeenAt)).toBeLessThanOrEqual(Date.now());
    expect((await told('ada')).lastSeenAt).toBe(lastSeenAt);
    expect(await told('ada', THERE)).not.toHaveProperty('lastSeenAt');

    const back = await rollcall.open(tabOf('ada'));
    expect(await told('ada')).not.toHaveProperty('lastSeenAt');
    await gone('ada', back);
    expect(Date.parse((await told('ada')).lastSeenAt ?? '')).toBeGreaterThan(Date.parse(lastSeenAt));
  });

  it('makes a user known who came with a signed token, until the user is erased', async () => {
    const { rollcall, told, visit } = await open(opted);
    const zoe = { token: jwtOf({ sub: 'zoe' }, SECRET) };
    expect(await told('zoe')).toMatchObject({ status: 404 });
    await visit('zoe', zoe);
    await visit('zoe', { ...zoe, host: THERE });
    expect(await told('zoe')).toMatchObject({ status: 200, lastSeenAt: expect.any(String) as unknown });
    await rollcall.open(zoe);
    expect(await rollcall.native('DELETE', '/v1/users/zoe')).toMatchObject({ status: 204 });
    for (const host of [undefined, THERE]) expect(await told('zoe', host)).toMatchObject({ status: 404 });
  });

  it('is of that app alone', async () => {
    const { told, visit } = await open();
    await visit('ada', tabOf('ada'));
    expect(await told('ada')).toMatchObject({ status: 200 });
    expect(await told('ada')).not.toHaveProperty('lastSeenAt');
    await visit('zoe', { token: jwtOf({ sub: 'zoe' }, SECRET) });
    expect(await told('zoe')).toMatchObject({ status: 404 });
  });
});
