import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually';
import { RedisPod } from '../support/redis-pod';
import { redisForTest } from '../support/redis-shop';
import { describeWithRedis } from '../support/redis-server';
import { appsFile } from '../support/rollcall';
import { seeded } from '../support/seeded';
import { shop, tabOf, tokenOf } from '../support/shop';
import { Tab } from '../support/tab';
import { TcpProxy } from '../support/tcp-proxy';
import { stopAfterTest } from '../support/teardown';
import { WatchingTab } from '../support/watching-tab';

const WATCHERS = 6;
const CHURNERS = 24;
const ROUNDS = 6;
const ROUND_MS = 2500;

const idOf = (kind: string, n: number): string => `${kind}-${n}`;
const USERS = [
  ...Array.from({ length: WATCHERS }, (_, n) => idOf('watcher', n)),
  ...Array.from({ length: CHURNERS }, (_, n) => idOf('churner', n)),
].map((id) => ({ id, tokens: [tokenOf(id)] }));

interface Place {
  pod: RedisPod;
  readonly proxy: TcpProxy;
}

describeWithRedis('Watchers on three pods, while people come and go, pods are killed and lines are cut', () => {
  it.each([1, 2, 3])(
    'have what is true whenever it is quiet, and were told nothing twice (history %i)',
    async (seed) => {
      const random = seeded(seed);
      const redis = await redisForTest();
      const environment = { APPS_FILE: appsFile({ apps: [shop({ users: USERS })] }) };
      const start = (proxy: TcpProxy): Promise<RedisPod> => RedisPod.start(proxy.port, {}, environment);
      const places: Place[] = await Promise.all(
        [0, 1, 2].map(async () => {
          const proxy = await TcpProxy.start(redis.port);
          return { proxy, pod: await start(proxy) };
        }),
      );
      const any = (): Place => places[random(places.length)] as Place;
      const anyPort = (): number => any().pod.port;

      const watchers = Array.from({ length: WATCHERS }, (_, n) => {
        const watcher = new WatchingTab(idOf('watcher', n), tabOf(idOf('watcher', n)), anyPort);
        stopAfterTest(() => watcher.close());
        return watcher;
      });
      await Promise.all(watchers.map((watcher) => watcher.come()));

      const tabs = new Map<number, Tab>();
      const churn = async (): Promise<void> => {
        const n = random(CHURNERS);
        const tab = tabs.get(n);
        tabs.delete(n);
        const act = random(6);
        if (tab?.socket.connected && act < 2) return void tab.ask('channel:leave', { channel: 'lobby' }).catch(() => 0);
        if (tab !== undefined && act < 4) tab.close();
        if (tab !== undefined && act === 2) return;
        const opened = await Tab.open(`http://127.0.0.1:${anyPort()}`, {
          host: 'localhost',
          ...tabOf(idOf('churner', n)),
        }).catch(() => undefined);
        if (opened === undefined) return;
        opened.socket.io.reconnection(false);
        tabs.get(n)?.close();
        tabs.set(n, opened);
        stopAfterTest(() => opened.close());
        void opened.ask('channel:join', { channel: 'lobby' }).catch(() => 0);
        if (random(3) === 0)
          void opened.ask('presence:set', { status: 'busy', statusText: String(act) }).catch(() => 0);
      };
      const harm = async (round: number): Promise<void> => {
        const place = any();
        if (round % 3 === 0) {
          place.pod.signal('SIGKILL');
          await place.pod.end;
          place.pod = await start(place.proxy);
        } else if (round % 3 === 1) {
          place.proxy.shut();
          await sleep(600);
          place.proxy.reopen();
        } else await Promise.all([0, 1, 2].map((n) => (watchers[n] as WatchingTab).come()));
      };

      for (let round = 0; round < ROUNDS; round += 1) {
        const until = performance.now() + ROUND_MS;
        const harmed = harm(round);
        while (performance.now() < until) await Promise.all([churn(), churn(), sleep(15)]);
        await harmed;
        await Promise.all(watchers.map((watcher) => watcher.come()));
        await eventually(
          async () => {
            const truths = await Promise.all(places.map(({ pod }) => truthOf(pod)));
            for (const truth of truths) expect(truth).toEqual(truths[0]);
            for (const watcher of watchers) {
              expect({ roster: watcher.roster, present: watcher.present }).toEqual(truths[0]);
            }
          },
          { within: 15_000 },
        );
      }
      expect(watchers.flatMap(({ faults }) => faults)).toEqual([]);
      const heard = (of: keyof WatchingTab['heard']): number => watchers.reduce((sum, one) => sum + one.heard[of], 0);
      expect(heard('channel')).toBeGreaterThan(100);
      expect(heard('presence')).toBeGreaterThan(100);
      expect(heard('resumed')).toBeGreaterThan(0);
    },
    120_000,
  );
});

async function truthOf(pod: RedisPod): Promise<{ roster: string[]; present: string[] }> {
  const { json } = await pod.message('users', { channel: 'lobby' });
  const presence = await pod.presence('', {
    headers: { 'x-auth-token': tokenOf('watcher-0'), 'x-user-id': 'watcher-0' },
  });
  const { users } = presence.json as { users: { _id: string; status: string }[] };
  return {
    roster: ((json as { lobby?: { id: string }[] }).lobby ?? []).map(({ id }) => id).sort(),
    present: users.map(({ _id, status }) => `${_id} ${status}`).sort(),
  };
}
