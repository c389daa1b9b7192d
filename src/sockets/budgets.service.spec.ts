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
    expect(budgets.takeDeliveries(tabOf('ada'), 399, 10, 0)).toBe(true);
    expect(budgets.takeDeliveries(tabOf('ada'), 1000, 10, 0)).toBe(true);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 10, 9_999)).toBe(false);
    expect(budgets.takeDeliveries(tabOf('ada'), 1_000_000, 10, 10_001)).toBe(true);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 10, 70_010)).toBe(false);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 10, 70_012)).toBe(true);
    expect(budgets.takeDeliveries(tabOf('bob'), 1, 10, 0)).toBe(true);
  });

  it('counts a message once more for each KiB of it, each time that it is delivered', () => {
    const budgets = new Budgets();
    const send = (bytes: number): boolean => budgets.takeDeliveries(tabOf('ada'), 10, bytes, 0);
    for (let n = 0; n < 39; n += 1) expect(send(1023)).toBe(true);
    // More than there is left, which is owed.
    expect(send(65_536)).toBe(true);
    expect(send(1)).toBe(false);
    expect(budgets.takeDeliveries(tabOf('ada'), 10, 1, 6_409)).toBe(false);
    expect(budgets.takeDeliveries(tabOf('ada'), 10, 1, 6_411)).toBe(true);
  });

  it('is for visitors without a name, where they send to others, what each may and four may in a second together', () => {
    const budgets = new Budgets();
    const send = (tab: string, count: number, nowMs: number): boolean =>
      budgets.takeDeliveries(tabOf(null, 'a.example', tab), count, 10, nowMs);
    expect(send('first', 200, 0)).toBe(true);
    expect(send('other', 200, 0)).toBe(true);
    expect(send('last', 1, 0)).toBe(false);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 10, 0)).toBe(true);
    expect(send('last', 600, 1000)).toBe(true);
    // Together they have earned it by then, and the one has not.
    expect(send('last', 1, 2000)).toBe(false);
    expect(send('first', 1, 2000)).toBe(true);
  });

  it('is not remembered of those who have it all', () => {
    const budgets = new Budgets();
    for (let n = 0; n < 100; n += 1) budgets.takeEvent(tabOf(`user-${n}`), 0);
    budgets.takeDeliveries(tabOf('ada'), 399, 10, 19_000);
    budgets.takeDeliveries(tabOf('ada'), 100_000, 10, 19_000);
    budgets.takeEvent(tabOf('bob'), 20_000);
    expect(budgets.size).toBe(2);
    expect(budgets.takeDeliveries(tabOf('ada'), 1, 10, 20_000)).toBe(false);
  });
});
