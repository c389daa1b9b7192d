import type { RedisLink } from '@rollcall/redis';
import * as fc from 'fast-check';
import { deepStrictEqual } from 'node:assert/strict';
import { connectLink, redisRosterOn } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { HOST, remembersSeen } from '../support/roster-store';
import { type Driven, drivenMemory, Driver, verbs } from '../support/roster-verbs';
import { eventually } from '../support/eventually';

const SLOW = process.env.ROLLCALL_SLOW !== undefined;

/** Long after any real clock: the time of the roster is then what was last shown, in Redis too. */
const START_MS = Date.UTC(2100, 0, 1);

jest.setTimeout(SLOW ? 600_000 : 60_000);

describeWithRedis('Whatever three pods do, Redis', () => {
  let redis: RunningRedis;
  let link: RedisLink;

  beforeAll(async () => {
    redis = await startRedis();
    link = connectLink({ urls: [redis.url] });
    await eventually(() => link.command('', 'PING').then(() => undefined), { within: 10_000 });
  });

  afterAll(async () => {
    await link.close();
    await redis.stop();
  });

  const drivenRedis = (): Driven => {
    const { store, options } = redisRosterOn(link, undefined, { remembersSeen });
    return { store, options, setTime: (ms) => store.now(HOST, ms) };
  };

  it('answers and keeps what the tables in memory do', () =>
    fc.assert(
      fc.asyncProperty(verbs, async (history) => {
        const both = [drivenMemory(), drivenRedis()];
        await Promise.all(both.map(({ setTime }) => setTime(START_MS)));
        const [memory, real] = both.map((driven) => new Driver(driven));
        for (const verb of history) deepStrictEqual(await real?.does(verb), await memory?.does(verb));
        deepStrictEqual(await real?.all(), await memory?.all());
      }),
      { numRuns: SLOW ? 2000 : 150 },
    ));
});
