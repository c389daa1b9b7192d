import { createHash } from 'node:crypto';
import type { App } from '../config/app';

/** A number for the app that stays the same on all pods, whatever else is in the apps file: below 2^31, so that it takes no room. */
export const tenantOf = ({ id }: Pick<App, 'id'>): number =>
  createHash('sha256').update(id).digest().readUInt32BE() >>> 1;
