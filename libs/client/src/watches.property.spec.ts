import type { Member, PresenceRow, Status } from '@rollcall/contract';
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { eventually } from '../../../test/support/eventually';
import { memberOf } from '../../../test/support/fake-channel';
import { clientOf } from '../../../test/support/fake-client';
import { rowOf } from '../../../test/support/fake-presence';
import { FakeService } from '../../../test/support/fake-service';
import type { ChannelWatch } from './channel-watch';
import type { RollcallClient } from './client';
import type { ConnectOptions } from './connect-options';
import { keyOf, type Place, placeOf } from './place';
import type { PresenceWatch } from './presence-watch';
import type { RollcallError } from './rollcall-error';

const SLOW = process.env.ROLLCALL_SLOW !== undefined;

jest.setTimeout(SLOW ? 600_000 : 60_000);

const faults: unknown[] = [];

/** What a listener finds wrong would be nobody's error. */
const held =
  <Payload>(check: (payload: Payload) => void) =>
  (payload: Payload): void => {
    try {
      check(payload);
    } catch (fault) {
      faults.push(fault);
    }
  };

/** What a listener who adds up all changes believes, held against the watch with each of them. */
function believed(watch: ChannelWatch): { users: Map<string, Member>; anonymous: number } {
  const belief = { users: new Map<string, Member>(), anonymous: 0 };
  watch.on(
    'change',
    held(({ joined, left, updated, anonymous }) => {
      for (const { id } of left) expect(belief.users.delete(id)).toBe(true);
      for (const user of joined) expect(belief.users.has(user.id)).toBe(false);
      for (const user of updated) expect(belief.users.get(user.id)).not.toEqual(user);
      for (const user of [...joined, ...updated]) belief.users.set(user.id, user);
      belief.anonymous = anonymous;
      expect(belief).toEqual({ users: new Map(watch.users), anonymous: watch.anonymous });
    }),
  );
  return belief;
}

function believedPresence(watch: PresenceWatch): Map<string, PresenceRow> {
  const belief = new Map<string, PresenceRow>();
  watch.on(
    'change',
    held(({ users }) => {
      for (const row of users) {
        expect(belief.get(row._id)).not.toEqual(row);
        if (row.status === 'offline') expect(belief.delete(row._id)).toBe(true);
        else belief.set(row._id, row);
      }
      expect(belief).toEqual(new Map(watch.users));
    }),
  );
  return belief;
}

interface Channels {
  readonly place: Place;
  readonly join: boolean;
  readonly watch: ChannelWatch;
  readonly belief: ReturnType<typeof believed>;
}

interface Presence {
  readonly ids: string[] | undefined;
  readonly watch: PresenceWatch;
  readonly belief: Map<string, PresenceRow>;
}

/** A played service and a client, and what is to be so in the end. */
class Stage {
  channels: Channels[] = [];
  presence: Presence[] = [];
  readonly joined = new Set<string>();
  /** Left, but the leave was refused. */
  readonly stuck = new Set<string>();
  /** How many calls wait for their answers. */
  asked = 0;
  /** As whom it comes next. */
  userId: string | undefined = 'ada';
  private isVisitor = false;
  /** So many questions are refused for now. */
  busy = 0;
  /** So many are never answered. */
  silent = 0;
  wasKicked = false;
  private readonly leaves = new Map<string, number>();

  private constructor(
    readonly service: FakeService,
    readonly client: RollcallClient,
    private readonly isHasty: boolean,
  ) {}

  static async set(options: ConnectOptions): Promise<Stage> {
    const service = await FakeService.start();
    const token = (): string | undefined => stage.userId;
    const stage: Stage = new Stage(
      service,
      clientOf(service.url, { token, reconnectionDelayMax: 2, ...options }),
      'answerTimeoutMs' in options,
    );
    service.judge = (event, payload) => stage.judge(event, payload);
    stage.client.on('error', ({ code }) => {
      if (code === 'KICKED') stage.wasKicked = true;
      else faults.push(code);
    });
    stage.client.on('session', ({ user }) => (stage.isVisitor = user === undefined));
    return stage;
  }

  watch(place: Place, join: boolean): void {
    const watch = this.client.watch(place.channel, { anonymous: place.anonymous, join });
    const one = { place, join, watch, belief: believed(watch) };
    this.channels.push(one);
    watch.on('error', ({ code }) => {
      const isRight = this.isImpatient(code) || (!join && code === 'NOT_A_MEMBER');
      if (!isRight) faults.push(`${keyOf(place)} ${code}`);
      this.channels = this.channels.filter((other) => other !== one);
    });
  }

  watchPresence(ids: string[] | undefined): void {
    const watch = this.client.watchPresence(ids);
    const one = { ids, watch, belief: believedPresence(watch) };
    this.presence.push(one);
    watch.on('error', ({ code }: RollcallError) => {
      const isMallory = code === 'BAD_REQUEST' && ids?.includes(MALLORY) === true;
      if (!isMallory && code !== 'USER_REQUIRED' && !this.isImpatient(code)) faults.push(code);
      this.presence = this.presence.filter((other) => other !== one);
    });
  }

  join(place: Place): void {
    const leaves = this.leaves.get(keyOf(place));
    this.ask(this.client.join(place.channel, place)).then(
      () => {
        if (this.leaves.get(keyOf(place)) === leaves) this.joined.add(keyOf(place));
      },
      () => undefined,
    );
  }

  leave(place: Place): void {
    const key = keyOf(place);
    this.leaves.set(key, (this.leaves.get(key) ?? 0) + 1);
    this.joined.delete(key);
    this.channels = this.channels.filter((one) => keyOf(one.place) !== key);
    this.ask(this.client.leave(place.channel, place)).catch(() => this.stuck.add(key));
  }

  private ask<Answer>(asked: Promise<Answer>): Promise<Answer> {
    this.asked += 1;
    return asked.finally(() => (this.asked -= 1));
  }

  comeBack(): void {
    if (this.wasKicked) this.client.reconnect();
    this.wasKicked = false;
  }

  /** Nothing happens any more: what is shown is what there is. */
  check(): void {
    const { service, client } = this;
    this.comeBack();
    service.tick();
    expect([client.connected, this.asked]).toEqual([true, 0]);
    const watches = [...this.channels, ...this.presence].map(({ watch }) => watch);
    expect(watches.map(({ live }) => live)).toEqual(watches.map(() => true));
    for (const { place, watch, belief } of this.channels) {
      const { users, anonymous } = this.channelAt(place).now;
      expect({ users: new Map(watch.users), anonymous: watch.anonymous }).toEqual({ users, anonymous });
      expect(belief).toEqual({ users, anonymous });
    }
    for (const { ids, watch, belief } of this.presence) {
      const rows = [...service.presence.now].filter(([who]) => ids === undefined || ids.includes(who));
      expect(new Map(watch.users)).toEqual(new Map(rows));
      expect(belief).toEqual(new Map(rows));
    }
    for (const place of PLACES) {
      const twins = PLACES.filter((other) => this.channelAt(other) === this.channelAt(place)).map(keyOf);
      const isNeeded =
        twins.some((key) => this.joined.has(key)) || this.channels.some((one) => twins.includes(keyOf(one.place)));
      if (!twins.some((key) => this.stuck.has(key))) {
        expect([keyOf(place), this.channelAt(place).members.length]).toEqual([keyOf(place), isNeeded ? 1 : 0]);
      }
    }
  }

  channelAt({ channel, anonymous }: Place) {
    return this.service.channel(channel, anonymous || this.isVisitor);
  }

  /** A watch waits for its first answer as long as a call does. */
  private isImpatient(code: RollcallError['code']): boolean {
    return this.isHasty && (code === 'TIMEOUT' || code === 'RATE_LIMITED');
  }

  private judge(event: string, { ids }: { ids?: string[] }): ReturnType<FakeService['judge']> {
    if (event === 'presence:watch' && ids?.includes(MALLORY) === true) return { code: 'BAD_REQUEST', message: 'No.' };
    if (this.silent > 0) {
      this.silent -= 1;
      return 'silence';
    }
    if (this.busy === 0) return undefined;
    this.busy -= 1;
    return { code: 'RATE_LIMITED', message: 'Slow down.' };
  }
}

type Act = readonly [name: string, act: (stage: Stage) => unknown];

const IDS = ['bob', 'eve', 'fay', '__proto__'];
/** Nobody may watch this one. */
const MALLORY = 'mallory';
const PLACES = [placeOf('room'), placeOf('room', { anonymous: true }), placeOf('hall')];
const id = fc.constantFrom(...IDS);
const place = fc.constantFrom(PLACES[0] as Place, ...PLACES);
const name = ({ channel, anonymous }: Place): string => `${channel}${anonymous ? ' (anonymous)' : ''}`;

/** Lets what is on its way arrive, or a part of it. */
async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
}

/** Closes one of several, wherever it stands. */
function close<One extends { readonly watch: { close(): void } }>(all: One[], which: number): One | undefined {
  const [one] = all.splice(which % Math.max(1, all.length), 1);
  one?.watch.close();
  return one;
}

const always = (weight: number, name: string, act: Act[1]): { weight: number; arbitrary: fc.Arbitrary<Act> } => ({
  weight,
  arbitrary: fc.constant([name, act]),
});

/** What others do. */
const happenings = [
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.constantFrom('room', 'hall'), fc.constantFrom('A', 'B'))
      .map(([who, where, name]): Act => [
        `${who} enters ${where} as ${name}`,
        ({ service }) => service.channel(where).enter(memberOf(who, name)),
      ]),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.constantFrom('room', 'hall'))
      .map(([who, where]): Act => [`${who} leaves ${where}`, ({ service }) => service.channel(where).leave(who)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('room', 'hall')
      .map((where): Act => [
        `one more in ${where}`,
        ({ service }) => service.channel(where, true).count(service.channel(where, true).now.anonymous + 1),
      ]),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.constantFrom<Status>('online', 'busy', 'offline'))
      .map(([who, status]): Act => [`${who} is ${status}`, ({ service }) => service.presence.set(rowOf(who, status))]),
  },
];

/** What the service and the line do. */
const conditions = [
  always(6, 'tick', ({ service }) => service.tick()),
  always(1, 'slow tick', ({ service }) => ((service.slow = true), service.tick())),
  always(2, 'cut', ({ service }) => service.cut()),
  always(1, 'drain', ({ service }) => service.drain(2)),
  always(1, 'kick', ({ service }) => service.kick()),
  always(1, 'forget', ({ service }) => service.forget()),
  always(2, 'hold', ({ service }) => service.holdAnswers()),
  always(1, 'hold beginnings', ({ service }) => service.holdBeginnings()),
  always(2, 'let go', ({ service }) => service.letGo()),
  always(3, 'let one go', ({ service }) => service.letOneGo()),
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((n): Act => [`busy ${n}`, (stage) => (stage.busy = n)]) },
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }).map((turns): Act => [`${turns} turns`, () => pass(turns)]) },
];

/** What the client is told to do. */
const wishes = [
  always(2, 'back', (stage) => {
    stage.comeBack();
    return stage.client.session.catch(() => undefined);
  }),
  always(1, 'another user', (stage) => (stage.userId = stage.userId === undefined ? 'ada' : undefined)),
  { weight: 1, arbitrary: place.map((where): Act => [`join ${name(where)}`, (stage) => stage.join(where)]) },
  { weight: 1, arbitrary: place.map((where): Act => [`leave ${name(where)}`, (stage) => stage.leave(where)]) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(place, fc.constantFrom(true, true, false))
      .map(([where, join]): Act => [`watch ${name(where)} ${join}`, (stage) => stage.watch(where, join)]),
  },
  { weight: 2, arbitrary: fc.nat(5).map((which): Act => [`close ${which}`, ({ channels }) => close(channels, which)]) },
  {
    weight: 2,
    arbitrary: fc.nat(5).map((which): Act => [
      `watch anew ${which}`,
      (stage) => {
        const one = close(stage.channels, which);
        if (one !== undefined) stage.watch(one.place, one.join);
      },
    ]),
  },
  {
    weight: 3,
    arbitrary: fc
      .subarray([...IDS, MALLORY])
      .map((ids): Act => [`watch ${ids.join()}`, (stage) => stage.watchPresence(ids)]),
  },
  always(1, 'watch everybody', (stage) => stage.watchPresence(undefined)),
  {
    weight: 2,
    arbitrary: fc.nat(5).map((which): Act => [`unwatch ${which}`, ({ presence }) => close(presence, which)]),
  },
];

/** What a service does that is broken, and takes its time. */
const hardships = [
  always(1, 'silence', (stage) => (stage.silent += 1)),
  always(1, 'a while', () => new Promise((resolve) => setTimeout(resolve, 30))),
];

const all = [...happenings, ...conditions, ...wishes];

describe('What is watched', () => {
  it.each([
    ['whatever happened on the way', all, {}, SLOW ? 1200 : 120],
    ['also if some questions are never answered', [...all, ...hardships], { answerTimeoutMs: 60 }, SLOW ? 400 : 40],
  ] as const)('is right in the end, %s, and its changes always add up to it', async (_what, acts, options, numRuns) => {
    const run = async (chosen: readonly Act[]): Promise<void> => {
      const stage = await Stage.set(options);
      const { service, client } = stage;
      try {
        stage.watch(placeOf('room'), true);
        stage.watchPresence(['bob', 'eve']);
        await client.session;
        for (const [, perform] of chosen) await perform(stage);
        stage.busy = 0;
        stage.silent = 0;
        service.letGo();
        await eventually(() => stage.check());
        expect(faults.splice(0)).toEqual([]);
      } finally {
        faults.length = 0;
        client.close();
        await service.stop();
      }
    };
    const history = fc.array(fc.oneof(...acts), { maxLength: 60, size: 'max' });
    await fc.assert(fc.asyncProperty(history, run), { numRuns });
  });
});
