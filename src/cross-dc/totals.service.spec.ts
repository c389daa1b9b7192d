import { rowOf } from '../../test/support/roster-store';
import { Followed } from '../../test/support/roster-view';
import { LargeSends } from '../http/large-sends.service';
import type { Asked } from './datacenter-totals';
import type { Seen } from './datacenter';
import type { Datacenters, DatacenterSeen } from './datacenters';
import { Totals } from './totals.service';

const USERS = 2000;
const LISTS: Asked = { includeUsers: true, dedupeUsers: true };

describe('Totals with lists of users', () => {
  let places: Followed[];
  let totals: Totals;

  const seen = (): DatacenterSeen[] =>
    places.map(({ view }, at) => {
      const dc = `dc${at}`;
      return { dc, seen: { dc, view, answeredNow: true, ageMs: 0, roundTripMs: 1 } satisfies Seen };
    });

  beforeEach(async () => {
    places = [await Followed.open(), await Followed.open()];
    for (const { pod } of places) {
      const rows = Array.from({ length: USERS }, (_, n) => ({ connectionId: `t${n}`, row: rowOf(`user-${n}`) }));
      await pod.write({ rows });
    }
    totals = new Totals({ look: () => Promise.resolve(seen()) } as unknown as Datacenters, new LargeSends());
  });

  const ask = async (asked = LISTS): Promise<Buffer> => (await totals.of('a.example', asked)).body;

  it('are made once for all who ask at a time, and are the same bytes for all of them', async () => {
    const made = places.map(({ view }) => jest.spyOn(view, 'usersJson'));
    const bodies = await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(new Set(bodies).size).toBe(1);
    expect(made.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  it('are others for who asks otherwise', async () => {
    const one = await ask();
    await places[1]?.pod.row('another-tab', rowOf('user-1'));
    expect(JSON.parse((await ask()).toString())).toEqual(JSON.parse(one.toString()));
    const all = JSON.parse((await ask({ ...LISTS, dedupeUsers: false })).toString()) as Record<string, unknown>;
    expect(all._total).toEqual({ authenticated: 2 * USERS + 1, anonymous: 0 });
  });

  it.each<[string, (at: Followed) => unknown]>([
    ['somebody has come', ({ pod }) => pod.row('more', rowOf('zoe'))],
    [
      'a profile is another one',
      ({ directory, view }) => {
        directory.details.set('user-1', { email: 'zoe@example.com' });
        view.profileChanged('user-1');
      },
    ],
  ])('are made anew when %s, in any data centre', async (_, change) => {
    for (const place of places) {
      const before = await ask();
      await change(place);
      const after = await ask();
      expect(after).not.toBe(before);
      expect(after.toString()).toContain('zoe');
      expect(after.toString()).not.toBe(before.toString());
    }
  });

  it('are of the picture that there is now', async () => {
    const before = await ask();
    const [first, second] = places;
    if (first === undefined || second === undefined) throw new Error('There are two.');
    places = [first];
    expect(Object.keys(JSON.parse((await ask()).toString()) as object)).toEqual(['dc0', '_total']);
    places = [first, second];
    expect(await ask()).toBe(before);
  });
});
