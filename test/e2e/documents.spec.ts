import { DEMO, Rollcall } from '../support/rollcall';
import { eventually } from '../support/eventually';

const USER = { id: DEMO.userId, email: 'demo@example.com' };

/** Two tabs of one user and an anonymous one, in channels of both kinds. */
async function threeTabs(rollcall: Rollcall) {
  const [first, second, visitor] = [await rollcall.openDemo(), await rollcall.openDemo(), await rollcall.open()];
  await first.join('salesRoom');
  await second.join('salesRoom');
  await first.join('anonymousChat', true);
  await visitor.join('anonymousChat');
  return { first, second, visitor };
}

describe('the documents, by the letter', () => {
  it("gives Klai's map: lists, counts, and a bare user for a logged-in tab", async () => {
    const rollcall = await Rollcall.start();
    const { first, second, visitor } = await threeTabs(rollcall);

    const { status, json } = await rollcall.message('users');

    expect(status).toBe(201);
    expect(json).toEqual({
      authenticated: [USER],
      salesRoom: [USER],
      [`tab|${first.id}`]: USER,
      [`tab|${second.id}`]: USER,
      [`tab|${visitor.id}`]: 1,
      anonymous: 1,
      anonymousChat: 2,
    });
  });

  it("gives BetterForms' map, where a logged-in tab is a list of one", async () => {
    const users = [{ id: DEMO.userId, email: USER.email, tokens: [DEMO.token] }];
    const app = { id: 'forms', hosts: ['localhost'], apiKeys: [DEMO.apiKey], anonymous: true, users };
    const rollcall = await Rollcall.start([{ ...app, dialect: 'betterforms' }]);
    const { first, second, visitor } = await threeTabs(rollcall);

    const { json } = await rollcall.message('users');

    expect(json).toMatchObject({ [`tab|${first.id}`]: [USER], [`tab|${second.id}`]: [USER], [`tab|${visitor.id}`]: 1 });
  });

  it('is empty at once when the tabs are gone', async () => {
    const rollcall = await Rollcall.start();
    const tabs = Object.values(await threeTabs(rollcall));

    for (const tab of tabs) tab.close();

    await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}), { within: 500 });
    expect((await rollcall.message('allusers')).json).toEqual({
      local: { authenticated: 0, anonymous: 0 },
      _total: { authenticated: 0, anonymous: 0 },
    });
  });

  it("takes the documents' bodies with nothing configured", async () => {
    const rollcall = await Rollcall.start();
    await threeTabs(rollcall);

    const counts = await rollcall.ask('POST', '/message/allusers', { body: { apiKey: 'BFAPI_...' } });
    const users = await rollcall.ask('POST', '/message/allusers', {
      body: { apiKey: 'BFAPI_...', includeUsers: true },
    });
    const raw = await rollcall.ask('POST', '/message/allusers', {
      body: { apiKey: 'BFAPI_...', includeUsers: true, dedupeUsers: false },
    });

    expect(counts.json).toEqual({
      local: { authenticated: 1, anonymous: 1 },
      _total: { authenticated: 1, anonymous: 1 },
    });
    expect(users.json).toEqual({
      local: { authenticated: [USER], authenticatedCount: 1, anonymous: 1 },
      _total: { authenticated: 1, anonymous: 1 },
    });
    expect(raw.json).toEqual({
      local: { authenticated: [USER, USER], authenticatedCount: 2, anonymous: 1 },
      _total: { authenticated: 2, anonymous: 1 },
    });
    expect(raw.headers['x-rollcall-dc']).toBe('local=live');
  });

  it("answers the presence document's calls", async () => {
    const rollcall = await Rollcall.start();
    const cat = { _id: 'rocket.cat', name: 'Rocket.Cat', username: 'rocket.cat', status: 'online', utcOffset: 0 };
    const rows = [{ ...cat, avatarETag: '5BB9B5ny5DkKdrwkq' }];

    const all = await rollcall.presence();
    const changed = await rollcall.presence('?from=2019-05-22T12:11:45.392Z');

    expect(all.json).toEqual({ users: rows, full: true, success: true });
    // The document shows a delta for this time; it is years old by now, and by the document's own rule that is a full list.
    expect(changed.json).toEqual({ users: rows, full: true, success: true });
  });
});
