/*
 * Which requests of an app may have the signature of their JWT checked now, and who waits for that. All of the process shares
 * its few crypto threads, which work in the order in which they are asked: whoever sends thousands of bad tokens at once
 * would keep every handshake of a socket waiting behind them. So requests stand here instead, first come first served. Holds
 * who waits, in this process's memory; written by the app's requests alone. A crash costs them their requests as well.
 */
import { AppError } from '@rollcall/contract';

/** Fewer might leave threads idle between one check and the next; behind more of them a socket would wait to be let in. */
export const AT_ONCE_MAX = 16;

/** A burst that can be worked off within it is served; what a flood costs is as much as fits into it. */
export const WAIT_MAX_MS = 1000;

/** More than can be checked within that time with keys that are dear; each costs the memory of a request. */
export const WAITING_MAX = 2000;

/** Says that the signature has been checked. To be called once. */
export type Leave = () => void;

/** Waits until a signature may be checked. @throws AppError UNAVAILABLE */
export type Enter = () => Promise<Leave>;

interface Waiting {
  readonly sinceMs: number;
  readonly begin: (leave: Leave) => void;
  readonly giveUp: (reason: AppError) => void;
}

export class SignatureQueue {
  private atOnce = 0;
  private readonly waiting: Waiting[] = [];

  /** `now`: milliseconds that only ever grow. */
  constructor(private readonly now: () => number) {}

  readonly enter: Enter = () => {
    if (this.waiting.length >= WAITING_MAX) return Promise.reject(tooMany());
    return new Promise<Leave>((begin, giveUp) => {
      this.waiting.push({ sinceMs: this.now(), begin, giveUp });
      this.serve();
    });
  };

  /** Nobody waits while there is a place, so that nobody is overtaken. */
  private serve(): void {
    while (this.atOnce < AT_ONCE_MAX) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      if (this.now() - next.sinceMs > WAIT_MAX_MS) next.giveUp(tooMany());
      else {
        this.atOnce += 1;
        next.begin(this.leave);
      }
    }
  }

  private readonly leave: Leave = () => {
    this.atOnce -= 1;
    this.serve();
  };
}

const tooMany = (): AppError => new AppError('UNAVAILABLE', 'Too many tokens come at once; try again a little later.');
