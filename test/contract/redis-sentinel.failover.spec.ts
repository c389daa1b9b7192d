import type { RedisLink } from '@rollcall/redis';
import type { Head } from '@rollcall/roster';
import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually';
import { connectLink, type RedisRoster, redisRosterOn } from '../support/redis-roster';
import { describeWithRedis, type RunningSentinel, startRedisSentinel } from '../support/redis-server';
import { Heard, HOST, rowOf, Writer } from '../support/roster-store';

jest.setTimeout(90_000);

const TIMEOUT_MS = 500;

describeWithRedis('Who listens behind a sentinel', () => {
  let setup: RunningSentinel;
  let link: RedisLink;
  let store: RedisRoster['store'];
  let heard: Heard;

  beforeEach(async () => {
    setup = await startRedisSentinel();
    const sentinels = { nodes: setup.sentinels, name: setup.name };
    link = connectLink({ urls: [setup.master.url], sentinels }, TIMEOUT_MS);
    store = redisRosterOn(link).store;
    await eventually(() => store.checkFormat(), { within: 10_000 });
    heard = await Heard.on(store, HOST);
    await heard.upTo(await write());
    await setup.replicated();
  });

  afterEach(async () => {
    await link.close();
    await setup.stop();
  });

  /** As a new pod each time: what became of a write that failed is not asked here. */
  const write = (): Promise<Head> => new Writer(store, HOST, `pod-${randomUUID()}`).row('c1', rowOf('ada'));

  /** Writes again and again until what was written is heard. */
  const expectHearing = (): Promise<void> =>
    eventually(
      async () => {
        const { revision } = await write();
        await eventually(() => expect(heard.entries.at(-1)?.toRevision).toBe(revision), { within: 100 });
      },
      { within: 20_000 },
    );

  it('hears the next master, though the line to the sentinel was cut a while ago', async () => {
    await setup.sentinel.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await setup.master.stop();
    await expectHearing();
    expect(await setup.replica.command('PUBSUB', 'SHARDCHANNELS')).toHaveLength(1);
  });

  it('hears the next master after a switch that was asked for', async () => {
    await setup.sentinel.command('SENTINEL', 'FAILOVER', setup.name);
    await eventually(async () => expect(await setup.replica.command('PUBSUB', 'SHARDCHANNELS')).toHaveLength(1), {
      within: 20_000,
    });
    await expectHearing();
  });

  it('keeps its line to a sentinel that has nothing to say', async () => {
    const listening = async (): Promise<string[]> => {
      const clients = String(await setup.sentinel.command('CLIENT', 'LIST', 'TYPE', 'pubsub'));
      return [...clients.matchAll(/^id=(\d+) .* age=(\d+) /gm)].flatMap(([, id = '', age]) =>
        // Silence is borne with for twice the time of a command.
        Number(age) * 1000 > 3 * TIMEOUT_MS ? [id] : [],
      );
    };
    await eventually(async () => expect(await listening()).toHaveLength(2), { within: 20_000 });
  });
});
