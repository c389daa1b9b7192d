import { crowdedShop, mapOf, presentOn, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { EVERYTHING } from '../support/everything';
import { PlainRoster } from '../support/plain-roster';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { seeded } from '../support/seeded';
import { tabOf } from '../support/shop';
import type { Tab } from '../support/tab';

const STEPS = EVERYTHING ? 10_000 : 2000;
const TABS_MAX = 36;
const USERS = ['ada', 'bob', 'eve'];
const CHANNELS = ['lobby', 'room', 'sales', '__proto__', 'café', 'tab'];
const STATUSES = ['online', 'away', 'busy', 'offline'];

/** Departures show at once, so that presence can be compared like the roster. */
async function threePods(): Promise<Rollcall[]> {
  const environment = { REDIS_URL: (await redisOfTest()).url, OFFLINE_GRACE_MS: '0' };
  return Promise.all([0, 1, 2].map(() => Rollcall.start([crowdedShop()], environment)));
}

/** Random acts, one after the other, on random pods, each told to the model once it is acknowledged. */
class Actors {
  readonly model = new PlainRoster();
  private readonly tabs = new Map<string, Tab>();

  constructor(
    private readonly pods: readonly Rollcall[],
    private readonly random: (below: number) => number,
  ) {}

  /** Does something; returns what, for the message of a failure. */
  async step(): Promise<string> {
    const tab = this.oneOf([...this.tabs.values()]);
    const dice = this.random(100);
    if (tab === undefined || (dice < 12 && this.tabs.size < TABS_MAX)) return this.open();
    if (dice < 18) return this.disconnect(tab);
    if (dice < 20) return this.kick();
    if (dice < 55) return this.join(tab);
    if (dice < 80) return this.leave(tab);
    return this.setPresence(tab);
  }

  private async open(): Promise<string> {
    const userId = this.oneOf([...USERS, null]) ?? null;
    const tab = await this.pod().open(userId === null ? {} : tabOf(userId));
    this.tabs.set(tab.id, tab);
    this.model.open(tab.id, userId);
    return `${tab.id} opens for ${userId ?? 'nobody'}`;
  }

  /** Nobody acknowledges this one: it has happened for all once one pod shows it. */
  private async disconnect(tab: Tab): Promise<string> {
    tab.close();
    const pod = this.pod();
    await eventually(async () => expect(await mapOf(pod)).not.toHaveProperty([`tab|${tab.id}`]), { within: 10_000 });
    this.forget(tab.id);
    return `${tab.id} disconnects`;
  }

  private async kick(): Promise<string> {
    const userId = this.oneOf(USERS) ?? '';
    const meant = this.model.tabsOf(userId);
    const { json } = await this.pod().native('DELETE', `/v1/users/${userId}/connections`);
    expect(json).toEqual({ closed: meant.length });
    for (const { id } of meant) this.forget(id);
    return `${userId} is kicked out of ${meant.length} tabs`;
  }

  private async join(tab: Tab): Promise<string> {
    const channel = this.oneOf(CHANNELS) ?? '';
    expect(await tab.join(channel)).toMatchObject({ ok: true });
    this.model.join(tab.id, channel);
    return `${tab.id} joins ${channel}`;
  }

  private async leave(tab: Tab): Promise<string> {
    const channel = this.oneOf([...(this.model.tabs.get(tab.id)?.channels.keys() ?? [])]) ?? 'lobby';
    expect(await tab.ask('channel:leave', { channel })).toMatchObject({ ok: true });
    this.model.leave(tab.id, channel);
    return `${tab.id} leaves ${channel}`;
  }

  private async setPresence(tab: Tab): Promise<string> {
    const userId = this.model.tabs.get(tab.id)?.userId ?? null;
    if (userId === null) return this.join(tab);
    if (this.random(2) === 0) {
      const idle = this.random(2) === 0;
      expect(await tab.ask('presence:idle', { idle })).toMatchObject({ ok: true });
      this.model.idle(tab.id, idle);
      return `${tab.id} is ${idle ? 'idle' : 'active'}`;
    }
    const [status = '', statusText = ''] = [this.oneOf(STATUSES), this.oneOf(['', 'Tea', 'Out'])];
    expect(await tab.ask('presence:set', { status, statusText })).toMatchObject({ ok: true });
    this.model.choose(userId, status, statusText);
    return `${userId} is ${status} ${statusText}`;
  }

  private forget(tabId: string): void {
    this.tabs.delete(tabId);
    this.model.close(tabId);
  }

  private pod(): Rollcall {
    return this.oneOf(this.pods) as Rollcall;
  }

  private oneOf<Item>(items: readonly Item[]): Item | undefined {
    return items[this.random(items.length)];
  }
}

const revisionOf = (cursor: unknown): number => Number(String(cursor).split('.')[1]);

describeWithRedis('Three pods with one Redis', () => {
  it(
    'show every acknowledged change at once, whichever of them is asked',
    async () => {
      const pods = await threePods();
      const actors = new Actors(pods, seeded(11));
      for (let step = 0; step < STEPS; step += 1) {
        const did = `Step ${step}: ${await actors.step()}`;
        const expected = { did, map: actors.model.map(), present: actors.model.present() };
        const answers = await Promise.all(
          pods.map(async (pod) => {
            const [map, present] = await Promise.all([mapOf(pod), presentOn(pod)]);
            return { did, map, present };
          }),
        );
        for (const answer of answers) expect(answer).toEqual(expected);
      }
    },
    EVERYTHING ? 1_200_000 : 300_000,
  );

  it('never answer with less than what an earlier answer has shown', async () => {
    const pods = await threePods();
    const actors = new Actors(pods, seeded(12));
    let shown = 0;
    let acting = true;
    const watch = async (pod: Rollcall): Promise<number> => {
      for (let asked = 0; ; asked += 1) {
        if (!acting) return asked;
        const shownBefore = shown;
        const { headers } = await pod.message('users', { channel: 'lobby' });
        const revision = revisionOf(headers['x-rollcall-cursor']);
        expect(revision).toBeGreaterThanOrEqual(shownBefore);
        shown = Math.max(shown, revision);
      }
    };
    const watching = Promise.all([...pods, ...pods].map(watch));
    for (let step = 0; step < 300; step += 1) await actors.step();
    acting = false;

    for (const asked of await watching) expect(asked).toBeGreaterThan(10);
    expect(shown).toBeGreaterThan(100);
  }, 120_000);
});
