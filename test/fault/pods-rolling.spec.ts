import { io } from 'socket.io-client';
import { ChildPod } from '../support/child-pod';
import { guest, mapOf, podEnvironment, redisOfTest, tabsOn } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { seeded } from '../support/seeded';
import type { ClientSocket } from '../support/tab';
import { stopAfterTest } from '../support/teardown';

const CLIENTS = 45;
const CHANNELS = ['lobby', 'room', 'sales'];
const EMPTY_WITHIN_MS = 1000;

/** An app as its authors would write it: comes back by itself, and then joins its channels again. */
class Client {
  readonly sessions: string[] = [];
  readonly channels = new Set<string>();
  private readonly socket: ClientSocket;
  private joining = Promise.resolve();

  constructor(
    readonly port: number,
    readonly userId: string | undefined,
  ) {
    const { token } = userId === undefined ? {} : guest(userId);
    const delays = { reconnectionDelay: 50, reconnectionDelayMax: 250 };
    this.socket = io(`http://localhost:${port}`, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      ...delays,
    });
    stopAfterTest(() => void this.socket.disconnect());
    // A pod that is not ready yet, or not any more, refuses; a refused socket does not try again by itself.
    this.socket.on('connect_error', () => {
      if (!this.socket.active) setTimeout(() => this.socket.connect(), 50);
    });
    this.socket.on('session', ({ connectionId }) => {
      this.sessions.push(connectionId);
      this.joining = Promise.all([...this.channels].map((channel) => this.tell('channel:join', channel))).then();
    });
  }

  get id(): string {
    return this.sessions.at(-1) ?? '';
  }

  /** There, and in all its channels. */
  async settled(): Promise<void> {
    expect(this.socket.connected && this.socket.id).toBe(this.id);
    await this.joining;
  }

  async toggle(channel: string): Promise<void> {
    const joins = !this.channels.delete(channel);
    if (joins) this.channels.add(channel);
    await this.tell(joins ? 'channel:join' : 'channel:leave', channel);
  }

  /** Not now, if the pod is away: what it shall be in is said again with the next session. */
  private async tell(event: 'channel:join' | 'channel:leave', channel: string): Promise<void> {
    if (!this.socket.connected) return;
    await this.socket
      .timeout(2000)
      .emitWithAck(event, { channel })
      .catch(() => undefined);
  }
}

/** What the pods must answer, in no order. */
function truthOf(clients: readonly Client[]): Record<string, unknown> {
  const truth: Record<string, unknown> = {};
  const users = (some: readonly Client[]): string[] => [...new Set(some.flatMap(({ userId }) => userId ?? []))].sort();
  const anonymous = (some: readonly Client[]): number => some.filter(({ userId }) => userId === undefined).length;
  truth.authenticated = users(clients);
  truth.anonymous = anonymous(clients);
  for (const { id, userId } of clients) truth[`tab|${id}`] = userId ?? 1;
  for (const channel of CHANNELS) {
    const members = clients.filter(({ channels }) => channels.has(channel));
    const [ids, count] = [users(members), anonymous(members)];
    if (ids.length > 0) truth[channel] = ids;
    if (count > 0) truth[ids.length > 0 ? `${channel}|anonymous` : channel] = count;
  }
  return truth;
}

async function shownBy(pod: ChildPod): Promise<Record<string, unknown>> {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return (value as { id: string }[]).map(({ id }) => id).sort();
    return typeof value === 'object' ? (value as { id: string }).id : value;
  };
  return Object.fromEntries(Object.entries(await mapOf(pod)).map(([name, value]) => [name, plain(value)]));
}

describeWithRedis('A rolling restart of three pods', () => {
  it('loses nobody, shows nobody twice, and disturbs each client once', async () => {
    const environment = podEnvironment(await redisOfTest());
    const pods = await Promise.all([0, 1, 2].map(() => ChildPod.start({ environment })));
    const clients = Array.from({ length: CLIENTS }, (_, n) => {
      // Two clients a user, on different pods.
      const userId = n % 3 === 2 ? undefined : `guest-${Math.floor(n / 2)}`;
      return new Client((pods[n % 3] as ChildPod).port, userId);
    });
    const settled = (): Promise<void> =>
      eventually(async () => void (await Promise.all(clients.map((client) => client.settled()))), { within: 20_000 });
    await settled();
    const random = seeded(7);
    let churning = true;
    const churn = async (): Promise<void> => {
      while (churning) await clients[random(CLIENTS)]?.toggle(CHANNELS[random(CHANNELS.length)] ?? '');
    };
    const churned = Promise.all([churn(), churn(), churn()]);

    for (const [n, pod] of pods.entries()) {
      const witness = pods[(n + 1) % 3] as ChildPod;
      const own = new Set(clients.filter(({ port }) => port === pod.port).map(({ id }) => id));
      const ended = pod.end('SIGTERM');
      await eventually(async () => expect((await tabsOn(witness)).filter((id) => own.has(id))).toEqual([]), {
        within: EMPTY_WITHIN_MS,
      });
      expect(await ended).toMatchObject({ code: 0, signal: null });
      pods[n] = await ChildPod.start({ at: pod.port, environment });
      await settled();
    }
    churning = false;
    await churned;
    await settled();

    const truth = truthOf(clients);
    for (const pod of pods) {
      await eventually(async () => expect(await shownBy(pod)).toEqual(truth), { within: 5000 });
    }
    for (const { sessions } of clients) expect(new Set(sessions).size).toBe(2);
  }, 180_000);
});
