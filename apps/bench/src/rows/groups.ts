/* The table of contents. */
import type { RowGroup } from '../row';
import { connectingGroup } from './connecting.group';
import { crowdGroup } from './crowd.group';
import { datacentersGroup } from './datacenters.group';
import { manyPodsGroup } from './many-pods.group';
import { podKilledGroup } from './pod-killed.group';
import { presenceDeltaGroup } from './presence-delta.group';
import { startGroup } from './start.group';
import { storeGroup } from './store.group';
import { watchingGroup } from './watching.group';

/** The longest come last: a quick run may have no time for them. */
export const GROUPS: readonly RowGroup[] = [
  crowdGroup,
  connectingGroup,
  storeGroup,
  startGroup,
  presenceDeltaGroup,
  watchingGroup,
  datacentersGroup,
  podKilledGroup,
  manyPodsGroup,
];
