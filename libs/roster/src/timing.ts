/** Time for the pod's side of the protocol: real in the service, virtual in the simulation. */
export interface Timing {
  /** Milliseconds that only ever grow; their zero means nothing. */
  now(): number;
  /** Resolves after so many milliseconds. */
  wait(ms: number): Promise<void>;
}

/** Grows from failure to failure, with a random part, so that pods do not come back all at once. */
export const backOffMs = (failures: number, random: () => number = Math.random): number =>
  Math.min(50 * 2 ** failures, 1000) * (0.5 + random() / 2);
