import type { RowGroup } from '../row';
import { joinsRow } from './joins.row';
import { viewChangeRow } from './view-change.row';
import { viewLoadRow } from './view-load.row';

/** Rows at the store port: the libraries alone, without the service. */
export const storeGroup: RowGroup = (scale, processes) => [
  joinsRow(scale, processes),
  viewLoadRow(scale, processes),
  viewChangeRow(scale, processes),
];
