import * as fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import WebSocket from 'ws';
import { eventually } from '../support/eventually';
import { type Answer, DEMO, Rollcall } from '../support/rollcall';
import { KEY_ROUTES, TOKEN_ROUTES } from '../support/routes';
import { asUser, shop, tabOf } from '../support/shop';

/** Socket events, packets and requests together; `FUZZ_INPUTS=100000` for a night. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 10_000);
const EVENTS = Math.round(INPUTS * 0.5);
const PACKETS = Math.round(INPUTS * 0.1);
const REQUESTS = INPUTS - EVENTS - PACKETS;
const AT_ONCE = 50;
const TIME_MS = Math.max(120_000, INPUTS * 20);

/** V8 and Jest keep some of what has passed through; what the service kept of each input would be more. */
const GROWTH_MAX_BYTES = 40_000_000;

const OPEN = { eventsPerSecond: 1_000_000, eventsBurst: 1_000_000, usersPresencePerMinute: 1_000_000 };

const NASTY = [
  ...['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype', '_total', 'authenticated', 'anonymous'],
  ...[
    'tab|x',
    'user|ada',
    'lobby|anonymous',
    '',
    ' ',
    '\0',
    '\n',
    '\ud800',
    '%2e%2e',
    '../../etc/passwd',
    "'; --",
    '{{x}}',
  ],
  ...['x'.repeat(255), 'x'.repeat(256), 'é'.repeat(300), '9'.repeat(400), '-0', 'NaN', 'a.1.b', 'a.1.b.1~WzFd'],
];
const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('lobby'));
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, 2 ** 53, [], {}, [[]], 'ada', 'online', 'busy'),
  fc.array(text, { maxLength: 5 }),
  fc.jsonValue({ maxDepth: 4 }),
);
const FIELDS = [
  ...['channel', 'anonymous', 'cursor', 'ids', 'message', 'status', 'statusText', 'idle', 'token', 'userId', 'apiKey'],
  ...['channels', 'includeUsers', 'dedupeUsers', 'jti', 'issuedBefore', 'expiresAt', 'presence', 'email', 'username'],
  ...[
    'name',
    'utcOffset',
    'avatarETag',
    'bot',
    'role',
    'expiresInSeconds',
    '__proto__',
    'constructor',
    'toJSON',
    'then',
  ],
];
const fields = fc.array(fc.tuple(fc.constantFrom(...FIELDS), value), { maxLength: 6 }).map((pairs) => {
  // As JSON.parse makes it: names that mean something to JavaScript are own properties like any other.
  const written = pairs.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one) ?? 'null'}`);
  return JSON.parse(`{${written.join(',')}}`) as object;
});

const EVENT_NAMES = [
  ...['channel:join', 'channel:leave', 'channel:watch', 'channel:unwatch', 'presence:watch', 'presence:unwatch'],
  ...[
    'presence:set',
    'presence:idle',
    'message:send',
    'auth:refresh',
    '__proto__',
    'constructor',
    'session',
    'no:such',
  ],
];
const event = fc.record({
  name: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...EVENT_NAMES) }, text),
  payload: fc.oneof({ weight: 4, arbitrary: fields }, value, fc.constant(new Uint8Array([1, 2, 3]))),
});

/** As a client without a library writes them. */
const LENGTHS = [1, 1000, 80_000, 80_000];
const long = fc
  .constantFrom(...LENGTHS)
  .chain((length) =>
    fc.constantFrom(
      `["x"${',0'.repeat(length)}]`,
      `["channel:join"${',{}'.repeat(length)}]`,
      `["presence:watch"${',[]'.repeat(length)}]`,
      `["message:send"${',1'.repeat(length)}]`,
      `["channel:join",${'['.repeat(length)}${']'.repeat(length)}]`,
      `["message:send",${'{"a":'.repeat(length / 2)}0${'}'.repeat(length / 2)}]`,
      `["${'x'.repeat(length)}",{"_placeholder":true,"num":0}]`,
      `{${Array.from({ length: length / 10 }, (_, n) => `"${n}":[]`).join(',')}}`,
    ),
  );
const packet = fc.record({
  /** Before or after somebody is in. */
  isIn: fc.constantFrom(true, true, false),
  head: fc
    .tuple(
      fc.constantFrom('0', '1', '2', '2', '2', '3', '4', '5', '6', '7', ' '),
      fc.constantFrom('', '', '', '', '', '', '1-', '2-', '10-', '11-', '-1-', 'x-'),
      fc.constantFrom('', '', '', '', '/,', '/x,', '/__proto__,'),
      fc.constantFrom('', '0', '7', '9'.repeat(20)),
    )
    .map((parts) => parts.join('')),
  data: fc.oneof(
    { weight: 2, arbitrary: long },
    fc.tuple(text, value).map((event) => JSON.stringify(event)),
    text,
  ),
  attachments: fc.integer({ min: 0, max: 3 }),
});

const ROUTES = [...KEY_ROUTES, ...TOKEN_ROUTES];
const query = fc.array(fc.tuple(fc.constantFrom(...FIELDS, 'from', 'limit', 'prefix', 'users', 'waitSeconds'), text), {
  maxLength: 4,
});
const request = fc.record({
  route: fc.constantFrom(...ROUTES),
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    fc.constantFrom('HEAD', 'PATCH', 'OPTIONS', 'PUT'),
  ),
  id: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, text),
  query,
  body: fc.oneof({ weight: 6, arbitrary: fields }, value, fc.string({ maxLength: 60 })),
  type: fc.oneof(
    { weight: 8, arbitrary: fc.constant('application/json') },
    fc.constantFrom(
      'text/plain',
      'application/json; charset=utf-7',
      ' application/json',
      'application/json\t',
      'x',
      '',
    ),
  ),
});
type Request = typeof request extends fc.Arbitrary<infer One> ? One : never;

/** URLs are UTF-8, which halves of a pair are not. */
const inUrl = (name: string): string => encodeURIComponent(Buffer.from(name).toString());

const collectGarbage = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

function heapBytes(): number {
  for (let times = 0; times < 3; times += 1) collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function inRounds<Input>(
  arbitrary: fc.Arbitrary<Input>,
  count: number,
  work: (input: Input) => Promise<void>,
): Promise<number> {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
  const inputs = fc.sample(arbitrary, { numRuns: count, seed });
  let before = 0;
  for (let at = 0; at < inputs.length; at += AT_ONCE) {
    if (before === 0 && at >= count / 3) before = heapBytes();
    try {
      await Promise.all(inputs.slice(at, at + AT_ONCE).map(work));
    } catch (error) {
      throw new Error(`With FUZZ_SEED=${seed}, in the round at ${at}.`, { cause: error });
    }
  }
  return heapBytes() - before;
}

async function expectGoodHealth(rollcall: Rollcall): Promise<void> {
  const tab = await rollcall.open(tabOf('fay'));
  expect(await tab.join('health')).toMatchObject({ ok: true, count: 1 });
  const { json } = await rollcall.message('users', { channel: 'health' });
  expect(json).toMatchObject({ health: [{ id: 'fay' }] });
  tab.close();
  await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}));
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).channel).toBeUndefined();
}

describe(`${INPUTS} inputs that nobody would send`, () => {
  it(
    'are answered as socket events, do no harm, and leave nothing behind',
    async () => {
      const rollcall = await Rollcall.start([shop({ limits: OPEN })]);
      const tabs = await Promise.all([rollcall.open(tabOf('ada')), rollcall.open(tabOf('bob')), rollcall.open()]);
      const codes = new Map<string, number>();
      let turn = 0;
      const growth = await inRounds(event, EVENTS, async ({ name, payload }) => {
        const tab = tabs[(turn += 1) % tabs.length];
        const answer = await tab?.ask(name, payload);
        const { code = 'ok' } = (answer as { error?: { code?: string } }).error ?? {};
        expect({ name, payload, code }).toEqual({
          name,
          payload,
          code: expect.not.stringMatching(/^INTERNAL$/) as string,
        });
        codes.set(code, (codes.get(code) ?? 0) + 1);
      });
      // They did get beyond the door.
      expect([...codes.keys()]).toEqual(expect.arrayContaining(['ok', 'BAD_REQUEST', 'UNKNOWN_EVENT', 'NOT_A_MEMBER']));
      expect(growth).toBeLessThan(GROWTH_MAX_BYTES);
      for (const tab of tabs) {
        expect(tab.socket.connected).toBe(true);
        tab.close();
      }
      await expectGoodHealth(rollcall);
    },
    TIME_MS,
  );

  it(
    'are refused as packets, do no harm, and leave nothing behind',
    async () => {
      const rollcall = await Rollcall.start([shop({ limits: OPEN })]);
      const url = `ws://127.0.0.1:${rollcall.port}/socket.io/?EIO=4&transport=websocket`;
      const open = { in: 0, cut: 0 };
      const growth = await inRounds(packet, PACKETS, async ({ isIn, head, data, attachments }) => {
        const socket = new WebSocket(url, { headers: { host: 'localhost' } });
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('message', resolve));
        if (isIn) {
          const session = new Promise((resolve) => {
            socket.on('message', (said: Buffer) => said.toString().startsWith('42["session"') && resolve(undefined));
          });
          socket.send('40');
          await session;
        }
        const isOver = new Promise<keyof typeof open>((resolve) => {
          socket.once('pong', () => resolve('in')).once('close', () => resolve('cut'));
        });
        socket.send(`4${head}${data}`);
        for (let n = 0; n < attachments; n += 1) socket.send(Buffer.from('data'));
        socket.ping();
        open[await isOver] += 1;
        socket.terminate();
      });
      expect(open.in).toBeGreaterThan(0);
      expect(open.cut).toBeGreaterThan(0);
      expect(growth).toBeLessThan(GROWTH_MAX_BYTES);
      await expectGoodHealth(rollcall);
    },
    TIME_MS,
  );

  it(
    'are answered as requests, with credentials that are good, and never with a 500',
    async () => {
      const rollcall = await Rollcall.start([shop({ limits: OPEN })]);
      const statuses = new Map<number, number>();
      const send = async ({
        route: [method, template],
        method: other,
        id,
        query,
        body,
        type,
      }: Request): Promise<Answer> => {
        const path = id === undefined ? template : template.replace(/USER_1|salesRoom/, inUrl(id));
        const asked = query.map(([name, one]) => `${name}=${inUrl(one)}`).join('&');
        const sent = typeof body === 'string' ? body : JSON.stringify(body);
        const headers = path.startsWith('/api/v1') ? asUser('ada') : { authorization: `Bearer ${DEMO.apiKey}` };
        const withBody = (other ?? method) === 'GET' || other === 'HEAD' ? {} : { body: sent };
        return rollcall.ask(other ?? method, `${path}${asked === '' ? '' : `?${asked}`}`, {
          headers: { ...headers, ...('body' in withBody ? { 'content-type': type } : {}) },
          ...withBody,
        });
      };
      const growth = await inRounds(request, REQUESTS, async (input) => {
        const { status } = await send(input);
        if (status >= 500) throw new Error(`${status} to ${JSON.stringify(input)}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      });
      expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 201, 400, 404, 415]));
      expect(growth).toBeLessThan(GROWTH_MAX_BYTES);
      await expectGoodHealth(rollcall);
    },
    TIME_MS,
  );
});
