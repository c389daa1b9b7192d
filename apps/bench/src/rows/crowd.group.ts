import type { RowGroup } from '../row';
import { crowdScene } from './crowd.scene';
import { oneChannelRow } from './one-channel.row';
import { wholeMapRows } from './whole-map.rows';

/** Rows that ask two pods with a crowd. */
export const crowdGroup: RowGroup = (scale, processes) => {
  const scene = crowdScene(scale, processes);
  return [...wholeMapRows(scale, scene), oneChannelRow(scale, scene)];
};
