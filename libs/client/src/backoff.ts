export interface BackoffOptions {
  /** About how long the first wait is, in milliseconds. */
  readonly reconnectionDelay?: number;
  /** The longest wait, in milliseconds. */
  readonly reconnectionDelayMax?: number;
  /** How far a wait strays from its length, 0 to 1: clients that lost the same pod must not come back as one. */
  readonly randomizationFactor?: number;
}

/** Ever longer waits between attempts, each at random around its length. */
export class Backoff {
  private attempts = 0;

  constructor(
    private readonly options: BackoffOptions,
    private readonly random: () => number = Math.random,
  ) {}

  /** How many waits there have been since the last success. */
  get count(): number {
    return this.attempts;
  }

  /** The next wait, in milliseconds. */
  nextMs(): number {
    const { reconnectionDelay = 1000, reconnectionDelayMax = 5000, randomizationFactor = 0.5 } = this.options;
    const lengthMs = Math.min(reconnectionDelayMax, reconnectionDelay * 2 ** this.attempts);
    this.attempts += 1;
    return Math.round(lengthMs * (1 + randomizationFactor * (2 * this.random() - 1)));
  }

  reset(): void {
    this.attempts = 0;
  }
}
