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

const SCOPE = { app: { id: 'shop' }, host: 'a.example' } as unknown as Scope;

describe('A caller who waits for changes', () => {
  it('is refused at once when the picture is replaced by one that is too much to tell', async () => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const open = async (): Promise<Moment> => {
      const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 100, stepsMax: 100 });
      return { view: await loadView(view, store), atMs: START_MS + 60_000 };
    };
    let moment = await open();
    const cursor = moment.view.cursorAt(moment.atMs);
    const views = { read: () => Promise.resolve({ staleMs: 0 }), moment: () => moment } as unknown as Views;
    let listener: TickListener | undefined;
    const ticks = {
      follow: (_host: string, told: TickListener) => {
        listener = told;
        return () => undefined;
      },
    } as unknown as Ticks;
    const query = { cursor, channel: undefined, presence: true, waitMs: 25_000 };
    const answer = new Changes(views, ticks).answer(SCOPE, query, new AbortController().signal);
    const refused = expect(answer).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await new Promise((resolve) => setImmediate(resolve));

    expect(listener?.(moment)).toBe('done');
    moment = await open();
    const counted = jest.spyOn(moment.view.changes, 'size').mockReturnValue(1e6);
    // What a listener throws is taken for a failure that may pass, and it would be told again and again.
    expect(listener?.(moment)).toBe('done');
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
    const views = { read: () => Promise.resolve({ staleMs: 0 }), moment: () => moment } as unknown as Views;
    let listener: TickListener | undefined;
    const ticks = {
      follow: (_host: string, told: TickListener) => {
        listener = told;
        return () => undefined;
      },
    } as unknown as Ticks;
    const gone = new AbortController();
    const query = { cursor: view.cursorAt(START_MS), channel: undefined, presence: false, waitMs: 25_000 };
    const answer = new Changes(views, ticks).answer({ ...SCOPE, host: HOST }, query, gone.signal);
    await new Promise((resolve) => setImmediate(resolve));
    const touched = jest.spyOn(view.changes, 'touched');
    const looked: number[] = [];
    for (const id of ['t1', 't2', 't3']) {
      await pod.row(id, rowOf('ada'));
      listener?.(moment);
      looked.push(touched.mock.lastCall?.[1].revision ?? -1);
    }
    expect(looked.slice(1)).toEqual([looked[0], view.head.revision].map((_, n) => view.head.revision - 2 + n));
    gone.abort();
    await answer;
  });
});
