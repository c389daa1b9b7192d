/*
 * Checks the checker: each rule of the protocol is switched off in turn, by replacing the method that keeps it, and the
 * simulation has to notice within some hundred lives.
 */
import {
  FollowedView,
  type Head,
  LocalRoster,
  type PodLife,
  type Reading,
  type RosterStore,
  RosterView,
} from '@rollcall/roster';
import { LocalConnections } from '../../libs/roster/src/local-connections';
import { PendingChanges } from '../../libs/roster/src/pending-changes';
import { RosterTables } from '../../libs/roster/src/roster-tables';
import { SharedCheck } from '../../libs/roster/src/shared-check';
import { Violation } from '../support/simulated-checks';
import { type Fault, SimulatedLife } from '../support/simulated-life';

const LIVES_MAX = 600;

jest.setTimeout(120_000);

type Method = (...args: never[]) => unknown;
type Methods = Record<string, Method>;

const undo: (() => void)[] = [];

/** Replaces a method, private ones too, until the end of the test; the new one is called with the old one first. */
function replace(
  prototype: object,
  name: string,
  by: (this: Inside, was: (...args: unknown[]) => unknown, ...args: never[]) => unknown,
): void {
  const methods = prototype as unknown as Methods;
  const was = methods[name] as Method;
  methods[name] = function (this: Inside, ...args: never[]): unknown {
    return by.call(this, (...given) => was.call(this, ...(given as never[])), ...args);
  };
  undo.push(() => (methods[name] = was));
}

/** What the replaced methods need of their objects. */
interface Inside {
  readonly pods: Map<string, { sequence: number }>;
  readonly thaw: () => void;
  readonly send: () => Promise<unknown>;
  readonly head: Head;
  readonly host: string;
  readonly life: PodLife;
  readonly options: { readonly store: RosterStore };
  shared: Promise<unknown> | undefined;
  atMs: number;
}

interface Sent {
  readonly instance: string;
  readonly sequence: number;
}

type Rule = readonly [rule: string, faults: readonly Fault[], off: () => void];

const rules: readonly Rule[] = [
  [
    'a batch that came before is applied again',
    ['lost calls'],
    () =>
      replace(RosterTables.prototype, 'apply', function (was, batch: Sent, nowMs) {
        const pod = this.pods.get(batch.instance);
        if (pod !== undefined && batch.sequence <= pod.sequence) pod.sequence = batch.sequence - 1;
        return was(batch, nowMs);
      }),
  ],
  [
    'a batch is applied though the one before it is missing',
    ['failover'],
    () =>
      replace(RosterTables.prototype, 'apply', function (was, batch: Sent, nowMs) {
        const pod = this.pods.get(batch.instance);
        if (pod !== undefined && batch.sequence > pod.sequence) pod.sequence = batch.sequence - 1;
        return was(batch, nowMs);
      }),
  ],
  [
    'a pod writes on in a life that is over',
    ['failover', 'pause'],
    () =>
      replace(RosterTables.prototype, 'living', function (_, { instance }: Sent) {
        return this.pods.get(instance);
      }),
  ],
  [
    'a batch changes after it was sent',
    ['lost calls'],
    () =>
      replace(PendingChanges.prototype, 'degrade', function (was) {
        was();
        this.thaw();
      }),
  ],
  [
    'a pod that registers anew writes everything again',
    ['pause', 'failover'],
    () => replace(LocalConnections.prototype, 'recover', (was) => was([])),
  ],
  [
    'a beat does not look what the store has',
    ['flush'],
    () =>
      replace(LocalRoster.prototype, 'beat', function () {
        const { host, life, options } = this;
        return options.store.beat(host, life);
      }),
  ],
  [
    'an entry is taken whatever it follows on',
    ['failover', 'lost publications', 'slow ways'],
    () =>
      replace(RosterView.prototype, 'apply', function (was, entry: { fromRevision: number; previousTag: string }) {
        const { revision, tag } = this.head;
        return was(entry.fromRevision === revision ? Object.assign({}, entry, { previousTag: tag }) : entry);
      }),
  ],
  [
    'a store that has gone back is not noticed',
    ['failover'],
    () =>
      replace(FollowedView.prototype, 'doubt', (was, view, asked: { head: Head }) =>
        was(view, Object.assign({}, asked, { viewRevision: 0 })),
      ),
  ],
  [
    'a view answers without asking where the store is',
    ['slow ways'],
    () => replace(FollowedView.prototype, 'doubt', () => undefined),
  ],
  [
    'a check is shared by questions that came after it was sent',
    ['slow ways'],
    () =>
      replace(SharedCheck.prototype, 'ask', function () {
        if (this.shared === undefined) {
          const done = (): void => void (this.shared = undefined);
          this.shared = this.send();
          this.shared.then(done, done);
        }
        return this.shared;
      }),
  ],
  [
    'a beat tells the views nothing',
    ['lost publications'],
    () => replace(FollowedView.prototype, 'hint', () => undefined),
  ],
  [
    'a view waits for a question after a loss',
    ['flush', 'restart'],
    () => replace(FollowedView.prototype, 'watchLoss', () => Promise.resolve()),
  ],
  [
    'a presence answer does not move the store’s time on',
    ['clock'],
    () =>
      replace(RosterTables.prototype, 'now', function (was, nowMs, shownMs) {
        const { atMs } = this;
        const head = was(nowMs, shownMs);
        this.atMs = atMs;
        return head;
      }),
  ],
  [
    'an old picture is given the time of asking',
    ['cut', 'away'],
    () =>
      replace(FollowedView.prototype, 'stale', (was) => {
        const reading = was() as Reading;
        return { ...reading, atMs: reading.atMs + reading.staleMs };
      }),
  ],
];

describe('The simulation notices when', () => {
  afterEach(() => {
    for (const one of undo.splice(0)) one();
  });

  it.each(rules)('%s', async (_, faults, off) => {
    off();
    for (let seed = 1; seed <= LIVES_MAX; seed += 1) {
      try {
        await new SimulatedLife({ seed, faults }).run();
      } catch (error) {
        expect(error).toBeInstanceOf(Violation);
        return;
      }
    }
    throw new Error(`Nothing was noticed in ${LIVES_MAX} lives.`);
  });
});
