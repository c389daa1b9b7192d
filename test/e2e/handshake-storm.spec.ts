import { setTimeout as sleep } from 'node:timers/promises';
import { Stores } from '../../src/store/stores';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';

describe('A pod on which too many connect at once', () => {
  it('turns away who is too much, tells when to come again, and takes them in when it has caught up', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { rosters } = rollcall.app.get(Stores);
    const { apply } = rosters;
    // The store stands still: whoever is let in waits for it.
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    rosters.apply = async (...batch) => {
      await held;
      return apply.apply(rosters, batch);
    };
    const waiting = Promise.allSettled(Array.from({ length: 230 }, () => rollcall.open()));
    await eventually(
      async () => {
        const late = await Promise.race([rollcall.open(tabOf('ada')).catch((error: object) => error), sleep(300)]);
        expect(late).toMatchObject({ code: 'UNAVAILABLE', retryInMs: expect.any(Number) as number });
      },
      { within: 10_000 },
    );
    release();
    const settled = await waiting;
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(200);
    for (const one of settled) {
      if (one.status === 'fulfilled') continue;
      const { code, retryInMs } = one.reason as { code: string; retryInMs: number };
      expect(code).toBe('UNAVAILABLE');
      expect(retryInMs).toBeGreaterThanOrEqual(1500);
      expect(retryInMs).toBeLessThanOrEqual(4500);
    }
    await eventually(async () => void (await rollcall.open(tabOf('ada'))), { within: 5000 });
  });
});
