import { RosterView, type Views } from '@rollcall/roster';
import { Followed, Directory } from '../../test/support/roster-view';
import type { Place } from './datacenter';
import { Datacenters } from './datacenters';

describe('Data centres that were looked at a while ago', () => {
  it('are as their views are now, without asking again, and empty where no pod is alive any more', async () => {
    const followed = await Followed.open();
    let current: RosterView | undefined = followed.view;
    let vacant: RosterView | undefined = undefined;
    const readRoster = jest.fn(() => Promise.resolve({ view: followed.view, atMs: 0, staleMs: 0, roundTripMs: 7 }));
    const views = { readRoster, lastKnown: () => undefined, current: () => current } as unknown as Views;
    const profiles = { refresh: () => Promise.resolve(), areKnown: () => true };
    const place = { dc: 'a', views, pods: { list: () => Promise.resolve([]) }, isOwn: true, staleMaxMs: 1, profiles };
    const datacenters = new Datacenters([{ ...place, nobody: () => vacant } satisfies Place], 1000);
    const looked = await datacenters.look('a.example', false);
    const again = () => datacenters.again('a.example', looked)[0]?.seen;

    current = await followed.fresh();
    expect(again()?.view).toBe(current);
    expect(again()).toMatchObject({ dc: 'a', answeredNow: true, roundTripMs: 7 });
    // Dropped meanwhile.
    current = undefined;
    expect(again()?.view).toBe(followed.view);
    vacant = new RosterView(new Directory());
    expect(again()?.view).toBe(vacant);
    expect(datacenters.again('a.example', [{ dc: 'a', seen: undefined }])).toEqual([{ dc: 'a', seen: undefined }]);
    expect(readRoster).toHaveBeenCalledTimes(1);
  });
});
