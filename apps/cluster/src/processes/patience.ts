export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries until it is true. */
export async function until(what: string, ms: number, isSo: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`${what} took longer than ${ms / 1000} s.`);
    await pause(10);
  }
}
