import type { Reading } from '@rollcall/roster';
import { Violation } from './simulated-checks';
import type { SimulatedPod } from './simulated-pod';

/** Deltas below this, counted from a loss, are answered in full: pods still bring back what they own. */
const AFTER_LOSS_MS = 5000;

type Rows = Map<string, string>;

const rowsOf = (json: string): Rows =>
  new Map((JSON.parse(json) as { _id: string }[]).map((row) => [row._id, JSON.stringify(row)]));

const isOffline = (row: string): boolean => (JSON.parse(row) as { status: string }).status === 'offline';

/** Somebody who polls presence with the last answer's time, on whichever pod, and keeps the picture up. */
export class SimulatedPoller {
  polls = 0;
  private asked = 0;
  private picture: Rows = new Map();
  private fromMs: number | undefined;
  private epoch: string | undefined;

  constructor(private readonly name: string) {}

  /** Asks a pod; an answer that comes after the next question is thrown away. */
  async poll(pod: SimulatedPod, mayBeWrong: () => boolean = () => false): Promise<void> {
    this.asked += 1;
    const { asked } = this;
    const mightBeWrong = mayBeWrong();
    const reading = await pod.read(true);
    if (asked === this.asked) this.take(reading, pod, mightBeWrong || mayBeWrong());
  }

  private take({ view, atMs, staleMs }: Reading, pod: SimulatedPod, mayBeWrong: boolean): void {
    const { fromMs } = this;
    const { epoch, epochAtMs } = view.head;
    // No pod has told the store so far that there was something to lose; later answers will be full, if one can.
    const isUnproven = epochAtMs === 0 && epoch !== this.epoch;
    this.epoch = epoch;
    const isDelta = !isUnproven && fromMs !== undefined && fromMs >= epochAtMs + AFTER_LOSS_MS;
    if (isDelta)
      for (const [userId, row] of rowsOf(view.presence.since(fromMs, atMs, ''))) this.picture.set(userId, row);
    else this.picture = rowsOf(view.presence.full(atMs).toString());
    this.fromMs = atMs;
    if (staleMs > 0) return;
    this.polls += 1;
    const present = (rows: Rows): string =>
      [...rows.values()]
        .filter((row) => !isOffline(row))
        .sort()
        .join(' ');
    const [mine, truth] = [present(this.picture), present(rowsOf(view.presence.full(atMs).toString()))];
    if (mine !== truth && !mayBeWrong) {
      throw new Violation(
        `${this.name} on ${pod.name}, from ${String(fromMs)} to ${atMs}, has ${mine || 'nobody'}, but it is ${truth || 'nobody'}`,
      );
    }
  }
}
