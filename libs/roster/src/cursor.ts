import type { Head } from './roster.store';

/** A point in a roster's log, opaque to clients: the epoch, the revision and the tag of the entry there. */
export const cursorOf = ({ epoch, revision, tag }: Pick<Head, 'epoch' | 'revision' | 'tag'>): string =>
  `${epoch}.${revision}.${tag}`;
