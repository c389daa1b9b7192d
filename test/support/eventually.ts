/** Looks again until `check` passes; fails with its last error after `within` ms. */
export async function eventually(check: () => void | Promise<void>, { within = 2000 } = {}): Promise<void> {
  const giveUpAt = performance.now() + within;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
