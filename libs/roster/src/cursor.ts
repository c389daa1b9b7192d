import type { Head } from './roster.store';

/** A place in a roster's log, and up to which moment what takes effect by itself has been shown. */
export interface CursorPlace extends Pick<Head, 'epoch' | 'revision' | 'tag'> {
  /** Absent: the roster was shown as it is, without any grace. */
  readonly atMs?: number;
  /** Who had vanished by this revision was shown as gone, by a view that remembers nobody from before. */
  readonly goneUpTo?: number;
}

/** What follows it in a cursor is a place in a list, and says nothing of the roster. */
export const BEFORE_PLACE = '~';

/** Opaque to clients. */
export const cursorOf = ({ epoch, revision, tag }: CursorPlace, atMs?: number, goneUpTo?: number): string =>
  [epoch, revision, tag, atMs, goneUpTo].filter((part) => part !== undefined).join('.');

/** `undefined`: no cursor of ours looks like this. */
export function placeOf(cursor: string): CursorPlace | undefined {
  const [epoch, revision, tag, atMs, goneUpTo] =
    /^([\w-]{1,32})\.(\d{1,15})\.([\w-]{1,32})(?:\.(\d{1,15})(?:\.(\d{1,15}))?)?$/
      .exec(cursor.split(BEFORE_PLACE, 1)[0] ?? '')
      ?.slice(1) ?? [];
  if (epoch === undefined || revision === undefined || tag === undefined) return undefined;
  return {
    epoch,
    revision: Number(revision),
    tag,
    ...(atMs === undefined ? {} : { atMs: Number(atMs) }),
    ...(goneUpTo === undefined ? {} : { goneUpTo: Number(goneUpTo) }),
  };
}
