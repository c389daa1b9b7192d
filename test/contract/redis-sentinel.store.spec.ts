import type { RedisLink } from '@rollcall/redis';
import { StoreUnavailable } from '@rollcall/roster';
import { eventually } from '../support/eventually';
import { connectLink, redisHarness } from '../support/redis-roster';
import { describeWithRedis, type RunningSentinel, startRedisSentinel } from '../support/redis-server';
import { viewsOf } from '../support/redis-views';
import { HOST, rowOf, stored, Writer } from '../support/roster-store';
import { describeRosterStore } from './roster-store.contract';

jest.setTimeout(60_000);

describeWithRedis('A Redis with a sentinel', () => {
  let setup: RunningSentinel;
  let link: RedisLink;

  beforeAll(async () => {
    setup = await startRedisSentinel();
    link = connectLink({ urls: [setup.master.url], sentinels: { nodes: setup.sentinels, name: setup.name } });
  });

  afterAll(async () => {
    await link.close();
    await setup.stop();
  });

  describeRosterStore('as a store', () => redisHarness(link));

  it('goes on with the replica when the master has died: what was replicated is there, and views show what is new', async () => {
    const { store } = await redisHarness(link);
    const pod = new Writer(store, HOST, 'pod-1');
    const before = await pod.row('c1', rowOf('ada'));
    const views = viewsOf(store);
    expect((await views.read(HOST)).view.totals.userConnections).toBe(1);
    await setup.replicated();
    await setup.master.stop();
    const batch = pod.batch({ rows: [{ connectionId: 'c2', row: rowOf('ada') }] });
    let tries = 0;
    await eventually(
      async () => {
        tries += 1;
        // The same batch again and again, until it is known to have been applied.
        const applied = await store.apply(HOST, batch).catch((error: unknown) => {
          expect(error).toBeInstanceOf(StoreUnavailable);
          throw error;
        });
        expect(applied).toMatchObject({ state: 'ok', head: { revision: before.revision + 1, epoch: before.epoch } });
      },
      { within: 30_000 },
    );
    expect(tries).toBeGreaterThan(1);
    expect([...(await stored(store, HOST)).rows.keys()].sort()).toEqual(['c1', 'c2']);
    await eventually(
      async () =>
        expect(await views.read(HOST)).toMatchObject({ staleMs: 0, view: { totals: { userConnections: 2 } } }),
      { within: 40_000 },
    );
  }, 90_000);
});
