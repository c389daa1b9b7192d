import { Budgets } from './budgets.service';
import type { Connection } from './connection';

const limits = { eventsPerSecond: 2, eventsBurst: 3, deliveriesPerSecond: 100 };
const tabOf = (id: string | null, host = 'a.example', tab = 'tab'): Connection =>
  ({ id: tab, host, visitor: { user: id === null ? null : { id }, app: { limits } } }) as unknown as Connection;

const events = (budgets: Budgets, tab: Connection, nowMs: number): number => {
  let count = 0;
  while (count < 1000 && budgets.takeEvent(tab, nowMs)) count += 1;
  return count;
};

describe('What a user may do with all connections together', () => {
  it('is ten times what one connection may, on each host for itself', () => {
    const budgets = new Budgets();
    expect(budgets.takeEvent(tabOf('ada'), 0)).toBe(true);
    expect(events(budgets, tabOf('ada'), 0)).toBe(29);
    expect(events(budgets, tabOf('ada'), 500)).toBe(10);
    expect(events(budgets, tabOf('bob'), 500)).toBe(30);
    expect(events(budgets, tabOf('ada', 'b.example'), 500)).toBe(30);
  });

  it('is for visitors without a name what each connection may', () => {
    expect(events(new Budgets(), tabOf(null), 0)).toBe(1000);
  });

  it('lets a message go to more than there is left, which is to be earned before the next', () => {
    const budgets = new Budgets();
    expect(budgets.takeDeliveries(tabOf('ada'), 399, 0)).toBe(true);
    expect(budgets.takeDeliveries(tabOf('ada'), 1000, 0)).toBe(true);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 4_009)).toBe(false);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 4_011)).toBe(true);
    expect(budgets.takeDeliveries(tabOf('bob'), 1, 0)).toBe(true);
  });

  it('is for visitors without a name, where they send to others, what each may and ten may together', () => {
    const budgets = new Budgets();
    const send = (tab: string, count: number): boolean =>
      budgets.takeDeliveries(tabOf(null, 'a.example', tab), count, 0);
    expect(send('first', 400)).toBe(true);
    expect(send('first', 1)).toBe(false);
    for (let n = 0; n < 9; n += 1) expect(send(`other ${n}`, 400)).toBe(true);
    expect(send('last', 1)).toBe(false);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 0)).toBe(true);
  });

  it('is not remembered of those who have it all', () => {
    const budgets = new Budgets();
    for (let n = 0; n < 100; n += 1) budgets.takeEvent(tabOf(`user-${n}`), 0);
    budgets.takeDeliveries(tabOf('ada'), 399, 19_000);
    budgets.takeDeliveries(tabOf('ada'), 100_000, 19_000);
    budgets.takeEvent(tabOf('bob'), 20_000);
    expect(budgets.size).toBe(2);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 20_000)).toBe(false);
  });
});
