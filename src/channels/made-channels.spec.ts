import type { ChannelKind } from '@rollcall/contract';
import type { RosterView } from '@rollcall/roster';
import fc from 'fast-check';
import { rowOf } from '../../test/support/roster-store';
import { Followed } from '../../test/support/roster-view';
import { MadeChannels } from './made-channels';
import type { Place } from './place';

const placeOf = (channel: string, kind: ChannelKind = 'authenticated'): Place => ({
  kind,
  channel,
  room: `${kind}|${channel}`,
});

describe('Channels that are being made', () => {
  it('are gone through once for each place that the view comes to, however many joins are refused there', async () => {
    const followed = await Followed.open();
    const made = new MadeChannels();
    for (let n = 0; n < 1000; n += 1) made.begin(placeOf(`c${n}`));
    const looks = jest.spyOn(followed.view, 'count');
    for (let asked = 0; asked < 1000; asked += 1) expect(made.unseenIn(followed.view)).toBe(1000);
    expect(looks).toHaveBeenCalledTimes(1000);
    await followed.pod.row('t1', rowOf('ada', { channels: [{ kind: 'authenticated', channel: 'c7' }] }));
    expect(made.unseenIn(followed.view)).toBe(999);
    expect(looks).toHaveBeenCalledTimes(2000);
  });

  it('are as many as one finds who looks at each of them each time', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const act = fc.record({
      name: fc.constantFrom(...names),
      what: fc.constantFrom('begin' as const, 'end' as const, 'show' as const, 'hide' as const, 'reload' as const),
      isAsked: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 30 }), async (acts) => {
        const followed = await Followed.open();
        let view: RosterView = followed.view;
        const made = new MadeChannels();
        const joins = new Map<string, (() => void)[]>();
        const isShown = (name: string): boolean => view.count('authenticated', name) > 0;
        for (const { name, what, isAsked } of acts) {
          const own = joins.get(name) ?? [];
          joins.set(name, own);
          // Nobody makes what is there.
          if (what === 'begin' && !isShown(name)) own.push(made.begin(placeOf(name)));
          if (what === 'end') own.shift()?.();
          if (what === 'show') {
            const channels = [{ kind: 'authenticated' as const, channel: name }];
            await followed.pod.row(name, rowOf('ada', { channels }));
          }
          if (what === 'hide' && isShown(name)) await followed.pod.gone(name);
          // One that has loaded everything just now follows nothing here: what it shows stays.
          view = what === 'reload' ? await followed.fresh() : followed.view;
          if (!isAsked) continue;
          const making = names.filter((one) => (joins.get(one)?.length ?? 0) > 0);
          expect(made.size).toBe(making.length);
          expect(made.unseenIn(view)).toBe(making.filter((one) => !isShown(one)).length);
          expect(made.unseenIn(undefined)).toBe(making.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});
