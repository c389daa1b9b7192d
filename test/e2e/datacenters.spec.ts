import { Rollcall } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';

const HERE = 'localhost';
const THERE = 'other.example.com';

interface Answered {
  readonly users: { readonly id: string }[];
  readonly nextCursor?: string;
}

describe('the data centres of a pod that knows one', () => {
  let rollcall: Rollcall;

  const spread = (query = '', host = HERE) => rollcall.native('GET', `/v1/datacenters${query}`, { host });
  const pageAt = async (query: string): Promise<Answered> => (await spread(query)).json as Answered;

  beforeEach(async () => {
    rollcall = await Rollcall.start([shop({ hosts: [HERE, THERE] })]);
  });

  it('are this one, with its figures', async () => {
    await rollcall.open(tabOf('ada'));
    await rollcall.open(tabOf('ada'));
    await rollcall.open();
    const answer = await spread();

    expect(answer).toMatchObject({
      status: 200,
      json: {
        datacenters: [{ dc: 'local', state: 'live', pods: 1, authenticated: 1, anonymous: 1 }],
        total: { authenticated: 1, anonymous: 1, distinctUsers: 1 },
      },
    });
    expect(answer.json).not.toHaveProperty('users');
  });

  it('tell users with their connections, and none of another host', async () => {
    const ada = await rollcall.open(tabOf('ada'));
    await ada.join('salesRoom');
    await rollcall.open({ ...tabOf('bob'), host: THERE });
    const connection = { dc: 'local', pod: ada.session.pod, connectionId: ada.id };
    const channels = [{ channel: 'salesRoom', kind: 'authenticated' }];

    expect((await spread('?users=true')).json).toMatchObject({
      users: [{ id: 'ada', email: 'ada@example.com', connections: [{ ...connection, channels }] }],
    });
    expect((await spread('?users=true', THERE)).json).toMatchObject({ users: [{ id: 'bob' }] });
  });

  it('tell users page by page', async () => {
    for (const userId of ['fay', 'ada', 'eve', 'bob', 'ada']) await rollcall.open(tabOf(userId));
    const first = await pageAt('?users=1&limit=3');
    const second = await pageAt(`?users=&limit=3&cursor=${first.nextCursor}`);

    expect(first.users.map(({ id }) => id)).toEqual(['ada', 'bob', 'eve']);
    expect(second.users.map(({ id }) => id)).toEqual(['fay']);
    expect(second).not.toHaveProperty('nextCursor');
    expect(await pageAt('?users=true&limit=4')).not.toHaveProperty('nextCursor');
    expect(await pageAt('?users=false')).not.toHaveProperty('users');
  });

  it.each([
    ['users=maybe', 'users must be true or false.'],
    ['users=true&users=false', 'users may be given once.'],
    ['limit=0', 'limit must be a whole number from 1 to 1000.'],
    ['limit=1001', 'limit must be a whole number from 1 to 1000.'],
    ['limit=ten', 'limit must be a whole number from 1 to 1000.'],
    ['cursor=%00', 'cursor is not one of an earlier answer.'],
    ['cursor=e30', 'cursor is not one of an earlier answer.'],
  ])('refuse ?%s', async (query, detail) => {
    const [field] = query.split('=');
    expect(await spread(`?${query}`)).toMatchObject({ status: 400, json: { code: 'BAD_REQUEST', detail, field } });
  });

  it('are for API keys alone', async () => {
    const headers = { authorization: 'Bearer wrong' };
    expect((await rollcall.ask('GET', '/v1/datacenters', { headers })).status).toBe(401);
    expect((await rollcall.ask('GET', '/v1/datacenters', {})).status).toBe(401);
  });
});
