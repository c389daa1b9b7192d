import type { RowGroup } from '../row';
import { countsRow } from './counts.row';
import { crowdScene } from './crowd.scene';
import { fullPresenceRow } from './full-presence.row';
import { joinVisibleRow } from './join-visible.row';
import { oneChannelRow } from './one-channel.row';
import { smallPostRow } from './small-post.row';
import { wholeMapRows } from './whole-map.rows';

/** Rows that ask two pods with a crowd. */
export const crowdGroup: RowGroup = (scale, processes) => {
  const scene = crowdScene(scale, processes);
  return [
    ...wholeMapRows(scale, scene),
    oneChannelRow(scale, scene),
    countsRow(scale, scene),
    fullPresenceRow(scale, scene),
    joinVisibleRow(scale, scene, processes),
    smallPostRow(scale, scene),
  ];
};
