import { type Fault, type LifeOptions, SimulatedLife } from '../support/simulated-life';

const SEEDS = Number(process.env.ROLLCALL_SEEDS ?? 1000);
/** Replays one life, with its story; `ROLLCALL_LIFE` is the JSON of its other options, if it had any. */
const ONE_SEED = process.env.ROLLCALL_SEED;
const ONE_LIFE = process.env.ROLLCALL_LIFE ?? '{}';
/** Lives in which one kind of fault alone happens. */
const FEW = Math.ceil(SEEDS / 10);
const MANY_LINES = 400;

jest.setTimeout(Math.max(120_000, SEEDS * 300));

/** Lives of all seeds, one after the other. @throws with the seed that failed, and how to see more of it */
async function live(
  seeds: Iterable<number>,
  options: Omit<LifeOptions, 'seed'> = {},
  afterwards: (life: SimulatedLife) => void = () => undefined,
): Promise<void> {
  for (const seed of seeds) {
    const life = new SimulatedLife({ ...options, seed });
    try {
      await life.run();
      afterwards(life);
    } catch (error) {
      const again = `ROLLCALL_SEED=${seed} ROLLCALL_LIFE='${JSON.stringify(options)}'`;
      throw new Error(`Seed ${seed} fails; ${again} replays it with its story.`, { cause: error });
    }
  }
}

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

describe('The pods’ side of the protocol, on a store that fails,', () => {
  if (ONE_SEED !== undefined) {
    it(`is replayed with seed ${ONE_SEED}`, async () => {
      const life = new SimulatedLife({ ...(JSON.parse(ONE_LIFE) as object), seed: Number(ONE_SEED), traced: true });
      try {
        await life.run();
      } finally {
        process.stdout.write(`${life.world.story.slice(-MANY_LINES).join('\n')}\n`);
      }
    });
    return;
  }

  it(`keeps its promises whatever happens, in ${SEEDS} lives`, () => live(numbers(1, SEEDS)));

  const bounds: readonly (readonly [withinMs: number, fault: Fault])[] = [
    [5000, 'flush'],
    [5000, 'restart'],
    [5000, 'failover'],
    [10_000, 'kill'],
  ];
  it.each(bounds)(`is right again within %i ms of the last %s, in ${FEW} lives`, (quietMs, fault) =>
    live(numbers(1, FEW), { faults: [fault], quietMs }),
  );

  it(`sweeps nobody who lives because the store was away or its clock jumped, in ${FEW} lives`, () =>
    live(numbers(1, FEW), { faults: ['away', 'clock'] }, ({ world }) => expect(world.checks.livingSwept).toBe(0)));
});
