import fc from 'fast-check';
import { StormGate } from './storm-gate';

type Entered = ReturnType<StormGate['enter']>;
const isIn = (entered: Entered): entered is Extract<Entered, { leave: unknown }> => 'leave' in entered;

/** So many of them are let in when they come at once. */
const letIn = (gate: StormGate, lagMs: number, count = 1000, app = 'shop'): number =>
  Array.from({ length: count }, () => gate.enter(app, lagMs, 0)).filter(isIn).length;

describe('The gate for storms', () => {
  it.each([
    [0, 200],
    [100, 200],
    [300, 110],
    [500, 20],
    [60_000, 20],
    [NaN, 200],
  ])('lets, at a lag of %d ms, %d handshakes be under way', (lagMs, most) => {
    expect(letIn(new StormGate(), lagMs)).toBe(most);
  });

  it('lets the next one in when one is done, once', () => {
    const gate = new StormGate();
    const inside = Array.from({ length: 200 }, () => gate.enter('shop', 0, 0)).filter(isIn);
    expect(letIn(gate, 0)).toBe(0);
    inside[0]?.leave();
    inside[0]?.leave();
    expect(letIn(gate, 0)).toBe(1);
    for (const { leave } of inside) leave();
    expect(letIn(gate, 0)).toBe(199);
  });

  it('keeps room for other apps when one has taken all of its own, and counts those together as well', () => {
    const gate = new StormGate();
    expect(letIn(gate, 0)).toBe(200);
    expect(letIn(gate, 0, 60, 'bank')).toBe(60);
    expect(letIn(gate, 0, 1000, 'school')).toBe(40);
    expect(letIn(gate, 0, 1, 'bank')).toBe(0);
    expect(letIn(gate, 0, 1000, 'church')).toBe(20);
  });

  it('tells those whom it turns away to come at random over a time that grows with them, and not for ever', () => {
    const retries = (random: number, count: number): number => {
      const gate = new StormGate(() => random);
      letIn(gate, 0, 200);
      const last = Array.from({ length: count }, () => gate.enter('shop', 0, 0)).at(-1);
      return last !== undefined && 'retryInMs' in last ? last.retryInMs : -1;
    };
    expect([retries(0, 1), retries(1, 1)]).toEqual([1500, 4500]);
    expect([retries(0, 2000), retries(1, 2000)]).toEqual([1500, 5500]);
    expect(retries(1, 100_000)).toBe(31_500);
  });

  it('forgets after a while that many were turned away', () => {
    const gate = new StormGate(() => 1);
    letIn(gate, 0, 2200);
    expect(gate.enter('shop', 0, 5000)).toEqual({ retryInMs: 5502 });
    expect(gate.enter('shop', 0, 5001)).toEqual({ retryInMs: 4500 });
  });

  it('never has more under way than the most, whoever comes and goes', () => {
    const steps = fc.array(fc.record({ leaves: fc.boolean(), lagMs: fc.integer({ min: 0, max: 1000 }) }), {
      maxLength: 600,
    });
    const rule = fc.property(steps, (all) => {
      const gate = new StormGate();
      const inside: { leave: () => void }[] = [];
      for (const { leaves, lagMs } of all) {
        if (leaves) inside.shift()?.leave();
        else {
          const entered = gate.enter('shop', lagMs, 0);
          if (isIn(entered)) inside.push(entered);
          else expect(inside.length).toBeGreaterThanOrEqual(20);
        }
        expect(inside.length).toBeLessThanOrEqual(200);
      }
    });
    fc.assert(rule, { numRuns: 200 });
  });
});
