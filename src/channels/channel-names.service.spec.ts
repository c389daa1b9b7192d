import { rowOf } from '../../test/support/roster-store';
import { Followed } from '../../test/support/roster-view';
import { ChannelNames } from './channel-names.service';

describe('The names of all channels', () => {
  it('are made once for everybody who asks, and anew when the view has moved', async () => {
    const followed = await Followed.open();
    const names = new ChannelNames();
    const made = jest.spyOn(followed.view, 'channelNames');
    const shown = (view = followed.view): unknown => JSON.parse(names.of(view).toString());
    for (let asked = 0; asked < 3; asked += 1) expect(shown()).toEqual({ authenticated: [], anonymous: [] });
    expect(made).toHaveBeenCalledTimes(1);
    await followed.pod.row('t1', rowOf('ada', { channels: [{ kind: 'authenticated', channel: 'a' }] }));
    await followed.pod.row('t2', rowOf(null, { channels: [{ kind: 'anonymous', channel: 'b' }] }));
    for (let asked = 0; asked < 3; asked += 1) expect(shown()).toEqual({ authenticated: ['a'], anonymous: ['b'] });
    expect(made).toHaveBeenCalledTimes(2);
    // Another picture may be at the same revision.
    expect(shown(await followed.fresh())).toEqual({ authenticated: ['a'], anonymous: ['b'] });
    await followed.pod.gone('t1');
    expect(shown()).toEqual({ authenticated: [], anonymous: ['b'] });
  });
});
