/* How rows, records and log entries are written in Redis; `scripts.ts` says what their texts look like. */
import type { ChannelKind, Status } from '@rollcall/contract';
import {
  type Batch,
  type ConnectionRow,
  type Head,
  type LogEntry,
  podId,
  type RowState,
  type Standing,
  type UserClaims,
  type UserRecord,
  type UserWrite,
} from '@rollcall/roster';
import { FORMAT } from './script-parts';

const STATUS_LETTERS: Record<Status, string> = { online: 'o', away: 'a', busy: 'b', offline: 'f' };
const STATUSES = new Map(Object.entries(STATUS_LETTERS).map(([status, letter]) => [letter, status as Status]));
const KIND_LETTERS: Record<ChannelKind, string> = { authenticated: 'u', anonymous: 'a' };

/** A name as a key: JSON text keeps apart what UTF-8 would not (lone surrogates), and passes through the scripts. */
export const encodeName = (name: string): string => JSON.stringify(name);
export const decodeName = (text: string): string =>
  text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);

type RowText = [
  revision: number,
  atMs: number,
  active: 0 | 1,
  userLength: number,
  user: string | null,
  pod: string,
  sinceRevision: number,
  sinceMs: number,
  channels: [kind: string, channel: string, since: number][],
];

/** `0` stands for a `since` that the store has yet to give: then it is the revision that the row was written with. */
const tailOf = ({ since, channels }: RowState): string => {
  const list = channels.map((membership) => [KIND_LETTERS[membership.kind], membership.channel, membership.since ?? 0]);
  return `${since?.revision ?? 0},${since?.atMs ?? 0},${JSON.stringify(list)}`;
};

/** The arguments of `apply` from the pod on. */
export function encodeBatch(batch: Batch): string[] {
  const { rows, users } = batch;
  const argv = [encodeName(podId(batch)), String(rows.length), String(users.length)];
  for (const { connectionId, row } of rows) {
    if (row === null) argv.push(encodeName(connectionId), 'x', '', '', '', '');
    else {
      const user = row.userId === null ? '' : encodeName(row.userId);
      const claims = encodeClaims(row.claims);
      const kind = user === '' ? 'n' : encodeStanding(row);
      argv.push(encodeName(connectionId), kind, row.active ? '1' : '0', user, tailOf(row), claims);
    }
  }
  for (const write of users) argv.push(...encodeChoice(write));
  return argv;
}

function encodeChoice({ userId, status, statusText, untilMs, erases, restore, ...standing }: UserWrite): string[] {
  return [
    encodeName(userId),
    status === undefined ? '' : STATUS_LETTERS[status],
    statusText === undefined ? '' : JSON.stringify(statusText),
    encodeStanding(standing),
    erases ? 'e' : restore ? 'r' : '',
    String(untilMs ?? 0),
  ];
}

const encodeStanding = ({ erasedAtMs = 0, tenant = 0 }: Standing): string => `${erasedAtMs},${tenant}`;

/** Without the claims that are not set, and `null` for none: equal claims have one text. */
const encodeClaims = (claims: UserClaims | null): string => JSON.stringify(claims);

/** Texts that very many rows have in common, so that they are kept once. Emptied when there are too many of them. */
const common = new Map<string, string>();
const COMMON_MAX = 10_000;

function once(text: string): string {
  const known = common.get(text);
  if (known !== undefined) return known;
  if (common.size >= COMMON_MAX) common.clear();
  common.set(text, text);
  return text;
}

function rowOf(connectionId: string, text: RowText): ConnectionRow {
  const [revision, atMs, active, , userId, pod, sinceRevision, sinceMs, channels] = text;
  return {
    connectionId,
    pod: once(pod),
    userId,
    active: active === 1,
    since: sinceRevision === 0 ? { revision, atMs } : { revision: sinceRevision, atMs: sinceMs },
    channels: channels.map(([kind, channel, since]) => ({
      kind: kind === KIND_LETTERS.anonymous ? 'anonymous' : 'authenticated',
      channel: once(channel),
      since: since === 0 ? revision : since,
    })),
  };
}

export const decodeRow = (field: string, text: string): ConnectionRow =>
  rowOf(decodeName(field), JSON.parse(text) as RowText);

type RecordText = [
  connections: number,
  active: number,
  chosen: string,
  stampMs: number,
  was: string,
  previousStampMs: number,
  claimsLength: number,
  claims: UserClaims | null,
  text: string,
  untilMs?: number,
  erasedAtMs?: number,
  tenant?: number,
];

function recordOf([
  connections,
  active,
  chosen,
  stampMs,
  was,
  previousStampMs,
  ,
  claims,
  text,
  untilMs = 0,
  erasedAtMs = 0,
  tenant = 0,
]: RecordText): UserRecord {
  const choice = { chosen: statusOf(chosen), text, untilMs };
  return { connections, active, ...choice, claims, erasedAtMs, tenant, stampMs, was: statusOf(was), previousStampMs };
}

export const decodeRecord = (text: string): UserRecord => recordOf(JSON.parse(text) as RecordText);

const statusOf = (letter: string): Status => STATUSES.get(letter) ?? 'offline';

interface EntryText {
  readonly v: number;
  readonly epoch: string;
  readonly from: number;
  readonly previous: string;
  readonly to: number;
  readonly tag: string;
  readonly at: number;
  readonly rows: [connectionId: string, row: RowText | null][];
  readonly users: [userId: string, record: RecordText | null][];
}

/** `undefined`: another release wrote it in a way that this one does not know. */
export function decodeEntry(text: string): LogEntry | undefined {
  const { v, epoch, from, previous, to, tag, at, rows, users } = JSON.parse(text) as EntryText;
  if (v !== FORMAT) return undefined;
  return {
    epoch,
    fromRevision: from,
    previousTag: previous,
    toRevision: to,
    tag,
    atMs: at,
    rows: rows.map(([connectionId, row]) => [connectionId, row === null ? null : rowOf(connectionId, row)]),
    users: users.map(([userId, record]) => [userId, record === null ? null : recordOf(record)]),
  };
}

/** A head as scripts return it, and `HMGET meta` in the same order. */
export function decodeHead(reply: unknown): Head | undefined {
  const [epoch, epochAt, revision, tag, t] = reply as (string | null)[];
  if (epoch == null || tag == null) return undefined;
  return { epoch, epochAtMs: Number(epochAt ?? 0), revision: Number(revision ?? 0), tag, atMs: Number(t ?? 0) };
}
