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
import type { PresenceWatch } from './presence-watch';

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

interface Stage {
  readonly service: FakeService;
  readonly client: RollcallClient;
  channelWatch: ChannelWatch;
  channelBelief: ReturnType<typeof believed>;
  readonly presence: { readonly ids: string[] | undefined; watch: PresenceWatch; belief: Map<string, PresenceRow> }[];
}

type Act = readonly [name: string, act: (stage: Stage) => unknown];

const IDS = ['bob', 'eve', 'fay', '__proto__'];
const id = fc.constantFrom(...IDS);

function rewatch(stage: Stage): void {
  stage.channelWatch.close();
  stage.channelWatch = stage.client.watch('room');
  stage.channelBelief = believed(stage.channelWatch);
}

function watchPresence({ client, presence }: Stage, ids: string[] | undefined): void {
  const watch = client.watchPresence(ids);
  presence.push({ ids, watch, belief: believedPresence(watch) });
}

/** Lets what is on its way arrive, or a part of it. */
async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
}

const always = (name: string, act: Act[1]): fc.Arbitrary<Act> => fc.constant([name, act]);

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.constantFrom('A', 'B'))
      .map(([who, name]): Act => [
        `${who} enters as ${name}`,
        ({ service }) => service.channel('room').enter(memberOf(who, name)),
      ]),
  },
  {
    weight: 4,
    arbitrary: id.map((who): Act => [`${who} leaves`, ({ service }) => service.channel('room').leave(who)]),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.constantFrom<Status>('online', 'busy', 'offline'))
      .map(([who, status]): Act => [`${who} is ${status}`, ({ service }) => service.presence.set(rowOf(who, status))]),
  },
  { weight: 6, arbitrary: always('tick', ({ service }) => service.tick()) },
  { weight: 1, arbitrary: always('slow tick', ({ service }) => ((service.slow = true), service.tick())) },
  { weight: 2, arbitrary: always('cut', ({ service }) => service.cut()) },
  { weight: 1, arbitrary: always('drain', ({ service }) => service.drain(2)) },
  { weight: 1, arbitrary: always('forget', ({ service }) => service.forget()) },
  { weight: 2, arbitrary: always('hold', ({ service }) => service.holdAnswers()) },
  { weight: 2, arbitrary: always('let go', ({ service }) => service.letGo()) },
  { weight: 3, arbitrary: always('let one go', ({ service }) => service.letOneGo()) },
  { weight: 2, arbitrary: always('back', ({ client }) => client.session) },
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }).map((turns): Act => [`${turns} turns`, () => pass(turns)]) },
  { weight: 2, arbitrary: always('watch anew', rewatch) },
  {
    weight: 2,
    arbitrary: fc.subarray(IDS).map((ids): Act => [`watch ${ids.join()}`, (stage) => watchPresence(stage, ids)]),
  },
  { weight: 1, arbitrary: always('watch everybody', (stage) => watchPresence(stage, undefined)) },
  { weight: 2, arbitrary: always('unwatch', ({ presence }) => presence.shift()?.watch.close()) },
);

describe('What is watched', () => {
  it('is right in the end, whatever happened on the way, and its changes always add up to it', async () => {
    const run = async (acts: readonly Act[]): Promise<void> => {
      const service = await FakeService.start();
      const client = clientOf(service.url, { userId: 'ada', reconnectionDelayMax: 2 });
      const channelWatch = client.watch('room');
      const stage: Stage = { service, client, channelWatch, channelBelief: believed(channelWatch), presence: [] };
      watchPresence(stage, ['bob', 'eve']);
      await client.session;
      for (const [, perform] of acts) await perform(stage);
      service.letGo();
      await eventually(() => {
        service.tick();
        const watches = [stage.channelWatch, ...stage.presence.map(({ watch }) => watch)];
        expect(watches.map(({ live }) => live)).toEqual(watches.map(() => true));
        expect(new Map(stage.channelWatch.users)).toEqual(service.channel('room').now.users);
        expect(stage.channelBelief.users).toEqual(service.channel('room').now.users);
        for (const { ids, watch, belief } of stage.presence) {
          const rows = [...service.presence.now].filter(([who]) => ids === undefined || ids.includes(who));
          expect(new Map(watch.users)).toEqual(new Map(rows));
          expect(belief).toEqual(new Map(rows));
        }
      });
      expect(faults.splice(0)).toEqual([]);
      client.close();
      await service.stop();
    };
    const acts = fc.array(act, { maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(acts, (chosen) => run(chosen)),
      { numRuns: SLOW ? 2000 : 200 },
    );
  });
});
