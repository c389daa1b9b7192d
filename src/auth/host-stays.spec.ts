import { HostStays, KEPT_MINUTES } from './host-stays';

const KEPT_MS = KEPT_MINUTES * 60_000;

describe('The hosts that somebody is on', () => {
  it('are as many as may be at one time, each with any number of connections', () => {
    const hosts = new HostStays();
    for (const host of ['a', 'b', 'a', 'b', 'b']) expect(hosts.enter(host, 2, 0)).toBeDefined();
    expect(hosts.enter('c', 2, 0)).toBeUndefined();
    expect(hosts.size).toBe(2);
  });

  it('count for as long as the store looks after them when the last one has left, and not longer', () => {
    const hosts = new HostStays();
    const [one, other] = [hosts.enter('a', 1, 0), hosts.enter('a', 1, 0)];
    one?.(1000);
    one?.(1000);
    expect(hosts.enter('b', 1, 1000 + 2 * KEPT_MS)).toBeUndefined();
    other?.(2000);
    expect(hosts.enter('b', 1, 2000 + KEPT_MS)).toBeUndefined();
    expect(hosts.enter('b', 1, 2001 + KEPT_MS)).toBeDefined();
    expect(hosts.size).toBe(1);
  });

  it('count anew when somebody comes back before', () => {
    const hosts = new HostStays();
    hosts.enter('a', 3, 0)?.(0);
    hosts.enter('b', 3, 0)?.(1);
    hosts.enter('c', 3, 0);
    const again = hosts.enter('a', 3, KEPT_MS);
    expect(hosts.enter('d', 3, KEPT_MS + 2)).toBeDefined();
    again?.(2 * KEPT_MS);
    expect(hosts.enter('e', 3, 3 * KEPT_MS)).toBeUndefined();
    expect(hosts.enter('e', 3, 3 * KEPT_MS + 1)).toBeDefined();
  });
});
