/* The table of contents. */
import type { RowGroup } from '../row';
import { crowdGroup } from './crowd.group';

export const GROUPS: readonly RowGroup[] = [crowdGroup];
