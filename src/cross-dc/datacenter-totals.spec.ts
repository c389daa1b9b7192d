import { type Asked, bodyOf, type Figures, type Said, statesOf } from './datacenter-totals';

const NOW = 1_000_000;
const COUNTS: Asked = { includeUsers: false, dedupeUsers: true };

const FIGURES: Figures = {
  users: 2,
  userConnections: 3,
  anonymousConnections: 4,
  usersJson: () => Buffer.from('[{"id":"a","email":null},{"id":"b","email":"b@x"}]'),
  userConnectionsJson: () => Buffer.from('[{"id":"a","email":null},{"id":"b","email":"b@x"},{"id":"b","email":"b@x"}]'),
};
const NOBODY: Figures = {
  users: 0,
  userConnections: 0,
  anonymousConnections: 0,
  usersJson: () => Buffer.from('[]'),
  userConnectionsJson: () => Buffer.from('[]'),
};

const live = (dc: string, figures: Figures = FIGURES): Said => ({ dc, heardAtMs: NOW, answeredNow: true, figures });
const silent = (dc: string, forMs: number, figures: Figures = FIGURES): Said => ({
  dc,
  heardAtMs: NOW - forMs,
  answeredNow: false,
  figures,
});
const totals = (said: Said[], asked: Partial<Asked> = {}): { json: unknown; states: string } => {
  const body = bodyOf(said, { ...COUNTS, ...asked });
  return { json: JSON.parse(body.toString()) as unknown, states: statesOf(said, NOW) };
};

describe('totals over data centres', () => {
  it('count users and anonymous connections of each, and of all', () => {
    expect(totals([live('us-east-1'), live('eu-west-1', { ...FIGURES, users: 5, anonymousConnections: 1 })])).toEqual({
      json: {
        'us-east-1': { authenticated: 2, anonymous: 4 },
        'eu-west-1': { authenticated: 5, anonymous: 1 },
        _total: { authenticated: 7, anonymous: 5 },
      },
      states: 'us-east-1=live, eu-west-1=live',
    });
  });

  it('count connections without deduplication', () => {
    expect(totals([live('dc')], { dedupeUsers: false }).json).toEqual({
      dc: { authenticated: 3, anonymous: 4 },
      _total: { authenticated: 3, anonymous: 4 },
    });
  });

  it('list users, each once', () => {
    expect(totals([live('dc')], { includeUsers: true }).json).toEqual({
      dc: {
        authenticated: [
          { id: 'a', email: null },
          { id: 'b', email: 'b@x' },
        ],
        authenticatedCount: 2,
        anonymous: 4,
      },
      _total: { authenticated: 2, anonymous: 4 },
    });
  });

  it('list an entry a connection', () => {
    const [a, b] = [
      { id: 'a', email: null },
      { id: 'b', email: 'b@x' },
    ];
    expect(totals([live('dc')], { includeUsers: true, dedupeUsers: false }).json).toEqual({
      dc: { authenticated: [a, b, b], authenticatedCount: 3, anonymous: 4 },
      _total: { authenticated: 3, anonymous: 4 },
    });
  });

  it.each([
    [{}, { authenticated: 0, anonymous: 0 }],
    [{ includeUsers: true }, { authenticated: [], authenticatedCount: 0, anonymous: 0 }],
    [
      { includeUsers: true, dedupeUsers: false },
      { authenticated: [], authenticatedCount: 0, anonymous: 0 },
    ],
  ])('show a data centre with nobody in it, asked for %j', (asked, member) => {
    expect(totals([live('dc', NOBODY)], asked)).toEqual({
      json: { dc: member, _total: { authenticated: 0, anonymous: 0 } },
      states: 'dc=live',
    });
  });

  it.each([
    [0, 0],
    [999, 0],
    [12_345, 12],
    [60_000, 60],
  ])('tell the age of figures from %d ms ago in whole seconds', (forMs, age) => {
    const { json, states } = totals([silent('dc', forMs)]);
    expect(states).toBe(`dc=stale;age=${age}`);
    expect(json).toMatchObject({ dc: { authenticated: 2 }, _total: { authenticated: 2 } });
  });

  it('leave out, from the sum as well, who was never heard of', () => {
    const never: Said = { dc: 'never', answeredNow: false };
    const unasked: Said = { dc: 'unasked', answeredNow: false, heardAtMs: NOW };
    expect(totals([never, unasked])).toEqual({
      json: { _total: { authenticated: 0, anonymous: 0 } },
      states: 'never=missing, unasked=missing',
    });
  });

  it('are live for who answered now, whatever its time of answer says', () => {
    expect(totals([{ ...silent('dc', 120_000), answeredNow: true }]).states).toBe('dc=live');
    expect(totals([{ ...silent('dc', -5000) }]).states).toBe('dc=stale;age=0');
  });

  it('always have a total, the last of all members', () => {
    expect(totals([])).toEqual({ json: { _total: { authenticated: 0, anonymous: 0 } }, states: '' });
    expect(Object.keys(totals([live('b'), live('a')]).json as object)).toEqual(['b', 'a', '_total']);
  });

  it('are JSON for a data centre of any name', () => {
    const body = bodyOf([live('__proto__'), live('a"b')], COUNTS);
    expect(body.toString()).toContain('"__proto__":{');
    expect(body.toString()).toContain('"a\\"b":{');
  });
});
