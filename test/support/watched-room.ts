import type { ChannelDifference } from '../../libs/client/src/channel-roster';
import type { ChannelWatch } from '../../libs/client/src/channel-watch';
import { memberOf } from './fake-channel';
import { playedService } from './fake-client';

/** What the watch tells from now on. */
export const told = (watch: ChannelWatch): ChannelDifference[] => {
  const heard: ChannelDifference[] = [];
  watch.on('change', (difference) => heard.push(difference));
  return heard;
};

export const idsOf = (watch: ChannelWatch): string[] => [...watch.users.keys()].sort();

/** A channel with `eve` in it that `ada` watches. */
export async function watched() {
  const { service, client } = await playedService();
  const room = service.channel('room');
  room.enter(memberOf('eve'));
  const watch = client.watch('room');
  const heard = told(watch);
  await watch.ready;
  return { service, client, room, watch, heard };
}
