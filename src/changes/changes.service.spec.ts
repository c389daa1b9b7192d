import {
  MemoryRosterStore,
  type Moment,
  RosterView,
  type TickListener,
  type Ticks,
  type Views,
} from '@rollcall/roster';
import { HOST, listening, rowOf, Writer } from '../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../test/support/roster-view';
import type { Scope } from '../auth/apps.service';
import { Changes } from './changes.service';

/** A caller who waits at a pod that has these moments, and what the pod does at a tick. */
function waiting(
  momentOf: () => Moment,
  asked: { readonly cursor: string; readonly presence: boolean; readonly host: string },
) {
  const views = { read: () => Promise.resolve({ staleMs: 0 }), moment: momentOf } as unknown as Views;
  let listener: TickListener | undefined;
  const ticks = {
    follow: (_host: string, told: TickListener) => {
      listener = told;
      return () => undefined;
    },
  } as unknown as Ticks;
  const { host, ...query } = asked;
  const gone = new AbortController();
  const scope = { app: { id: 'shop' }, host } as unknown as Scope;
  const answer = new Changes(views, ticks).answer(scope, { channel: undefined, waitMs: 25_000, ...query }, gone.signal);
  return { answer, tick: (moment: Moment) => listener?.(moment), leave: () => gone.abort() };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A caller who waits for changes', () => {
  it('is refused at once when the picture is replaced by one that is too much to tell', async () => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const open = async (): Promise<Moment> => {
      const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 100, stepsMax: 100 });
      return { view: await loadView(view, store), atMs: START_MS + 60_000 };
    };
    let moment = await open();
    const cursor = moment.view.cursorAt(moment.atMs);
    const { answer, tick } = waiting(() => moment, { cursor, presence: true, host: 'a.example' });
    const refused = expect(answer).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await settled();

    expect(tick(moment)).toBe('done');
    moment = await open();
    const counted = jest.spyOn(moment.view.changes, 'size').mockReturnValue(1e6);
    // What a listener throws is taken for a failure that may pass, and it would be told again and again.
    expect(tick(moment)).toBe('done');
    await refused;
    expect(counted).toHaveBeenCalledTimes(1);
  });

  it('is looked for what has happened since the last look alone', async () => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const pod = new Writer(store, HOST, 'pod-1');
    const view = new RosterView(new Directory(), { graceMs: 0, stepsMin: 100, stepsMax: 100 });
    await store.follow(
      HOST,
      listening((entry) => void view.apply(entry)),
    );
    await loadView(view, store);
    const moment = { view, atMs: START_MS };
    const cursor = view.cursorAt(START_MS);
    const { answer, tick, leave } = waiting(() => moment, { cursor, presence: false, host: HOST });
    await settled();
    const touched = jest.spyOn(view.changes, 'touched');
    for (const id of ['t1', 't2', 't3']) {
      const { revision } = view.head;
      await pod.row(id, rowOf('ada'));
      tick(moment);
      expect(touched.mock.lastCall?.[1].revision).toBe(revision);
    }
    leave();
    await answer;
  });
});
