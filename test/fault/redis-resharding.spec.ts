import type { RedisLink } from '@rollcall/redis';
import { type Head, StoreUnavailable } from '@rollcall/roster';
import { PROMISED_MS } from '../support/crowd';
import { eventually } from '../support/eventually';
import { connectLink, type RedisRoster, redisRosterOn } from '../support/redis-roster';
import { describeWithRedis, type RunningCluster, type RunningRedis, startRedisCluster } from '../support/redis-server';
import { viewsOf } from '../support/redis-views';
import { Heard, HOST, rowOf, stored, Writer } from '../support/roster-store';

jest.setTimeout(120_000);

const PREFIX = 'test';
const SLOT_KEY = `{${PREFIX}:${HOST}}:meta`;

/** Moves a slot as `redis-cli --cluster reshard` does: key by key, while both nodes serve it. */
async function moveSlot(slot: number, from: RunningRedis, to: RunningRedis, all: readonly RunningRedis[]) {
  const idOf = async ({ command }: RunningRedis): Promise<string> => String(await command('CLUSTER', 'MYID'));
  const [fromId, toId] = [await idOf(from), await idOf(to)];
  await to.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId);
  await from.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId);
  for (;;) {
    const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '1')) as string[];
    if (keys.length === 0) break;
    await from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
  }
  for (const node of [to, from, ...all]) await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', toId);
}

describeWithRedis('A host whose slot moves to another node of the cluster', () => {
  let cluster: RunningCluster;
  let link: RedisLink;
  let store: RedisRoster['store'];

  beforeEach(async () => {
    cluster = await startRedisCluster();
    link = connectLink({ urls: cluster.urls });
    store = redisRosterOn(link, PREFIX).store;
    await eventually(() => store.checkFormat(), { within: 10_000 });
  });

  afterEach(async () => {
    await link.close();
    await cluster.stop();
  });

  /** The slot of the host, the node that has it, and another one. */
  async function whereabouts(): Promise<{ slot: number; owner: RunningRedis; other: RunningRedis }> {
    const [node] = cluster.nodes;
    const slot = Number(await node?.command('CLUSTER', 'KEYSLOT', SLOT_KEY));
    const sizes = await Promise.all(
      cluster.nodes.map(({ command }) => command('CLUSTER', 'COUNTKEYSINSLOT', String(slot))),
    );
    const at = sizes.findIndex((size) => Number(size) > 0);
    const [owner, other] = [cluster.nodes[at], cluster.nodes[(at + 1) % 3]];
    if (owner === undefined || other === undefined) throw new Error('The host is on no node.');
    return { slot, owner, other };
  }

  /** Writes one row after the other, each until it is acknowledged; resolves with their number and the last answer. */
  async function writing(pod: Writer, until: () => boolean): Promise<{ rows: number; last: Head }> {
    let rows = 0;
    let last = await pod.row('c0', rowOf('ada'));
    while (!until()) {
      rows += 1;
      const batch = pod.batch({ rows: [{ connectionId: `c${rows}`, row: rowOf('ada') }] });
      await eventually(
        async () => {
          const applied = await store.apply(HOST, batch).catch((error: unknown) => {
            expect(error).toBeInstanceOf(StoreUnavailable);
            throw error;
          });
          if (applied.state !== 'ok') throw new Error(`The batch was answered ${applied.state}.`);
          expect(applied.head.revision).toBe(last.revision + 1);
          last = applied.head;
        },
        { within: 20_000 },
      );
    }
    return { rows, last };
  }

  it('loses no acknowledged change, and views are right again within the promised time', async () => {
    const pod = new Writer(store, HOST, 'pod-1');
    const before = await pod.row('before', rowOf('bob'));
    const heard = await Heard.on(store, HOST);
    const views = viewsOf(store);
    await views.read(HOST);
    const { slot, owner, other } = await whereabouts();

    let moved = false;
    const moving = moveSlot(slot, owner, other, cluster.nodes).finally(() => (moved = true));
    const [{ rows, last }] = await Promise.all([writing(pod, () => moved), moving]);

    expect(await other.command('CLUSTER', 'COUNTKEYSINSLOT', String(slot))).toBeGreaterThan(0);
    const { head, rows: kept } = await stored(store, HOST);
    expect([head.epoch, head.revision]).toEqual([before.epoch, last.revision]);
    expect(kept.size).toBe(rows + 2);
    await eventually(
      async () => {
        const { view, staleMs } = await views.read(HOST);
        expect([staleMs, view.head.revision, view.totals.userConnections]).toEqual([0, last.revision, rows + 2]);
      },
      { within: PROMISED_MS },
    );
    await eventually(
      async () => {
        const { revision } = await pod.row('after', rowOf('bob'));
        await eventually(() => expect(heard.entries.at(-1)?.toRevision).toBe(revision), { within: 100 });
      },
      { within: PROMISED_MS },
    );
  });

  it('is read as a whole, though it moves in the middle of it', async () => {
    const pod = new Writer(store, HOST, 'pod-1');
    for (let from = 0; from < 5000; from += 500) {
      const rows = Array.from({ length: 500 }, (_, n) => ({ connectionId: `c${from + n}`, row: rowOf(null) }));
      await pod.write({ rows });
    }
    const { slot, owner, other } = await whereabouts();
    const command = link.command.bind(link);
    let moved = false;
    jest.spyOn(link, 'command').mockImplementation(async (...args) => {
      const reply = await command(...args);
      if (args[1] === 'HSCAN' && !moved && (reply as string[])[0] !== '0') {
        moved = true;
        await moveSlot(slot, owner, other, cluster.nodes);
      }
      return reply;
    });
    const { rows } = await stored(store, HOST);
    expect(moved).toBe(true);
    expect(rows.size).toBe(5000);
  });
});
