/*
 * The table in Redis, read with each question, as the usual tutorials do: a hash with a JSON text for each connection or
 * user, read whole and parsed; for what changed since a time, a sorted set beside it. It fills its tables itself.
 */
import { createServer } from 'node:http';
import { createClient } from 'redis';
import { serve } from '../processes/verbs';
import { listen } from './listen';

export interface TableSettings {
  readonly redisUrl: string;
  readonly connections: number;
  readonly rooms: number;
  /** Users with a presence, the last `changed` of whom have changed since the others. */
  readonly users: number;
  readonly changed: number;
}

interface Connection {
  readonly id: string;
  readonly email: string;
  readonly channels: readonly string[];
}

interface Presence {
  readonly _id: string;
  readonly status: string;
}

const CHUNK = 5000;

const makeClient = (url: string) => createClient({ url });
type Client = ReturnType<typeof makeClient>;

async function start(settings: TableSettings): Promise<number> {
  const redis = makeClient(settings.redisUrl);
  redis.on('error', () => undefined);
  await redis.connect();
  await fillConnections(redis, settings);
  await fillPresence(redis, settings);
  const http = createServer((request, response) => {
    void answerTo(redis, request.url ?? '').then((answer) => {
      const body = JSON.stringify(answer);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
  return listen(http);
}

function answerTo(redis: Client, path: string): Promise<object> {
  const from = new URL(path, 'http://localhost').searchParams.get('from');
  if (path.startsWith('/users')) return channelMap(redis);
  return from === null ? everybody(redis) : changedSince(redis, Number(from));
}

async function channelMap(redis: Client): Promise<object> {
  const map = new Map<string, object[]>();
  for (const text of await redis.hVals('connections')) {
    const { id, email, channels } = JSON.parse(text) as Connection;
    for (const channel of channels) {
      const members = map.get(channel);
      if (members === undefined) map.set(channel, [{ id, email }]);
      else members.push({ id, email });
    }
  }
  return Object.fromEntries(map);
}

async function everybody(redis: Client): Promise<object> {
  const users = Object.values(await redis.hGetAll('presence')).map((text) => JSON.parse(text) as Presence);
  return { users: users.filter(({ status }) => status !== 'offline'), full: true, success: true };
}

async function changedSince(redis: Client, fromMs: number): Promise<object> {
  const ids = await redis.zRangeByScore('changes', fromMs, '+inf');
  const texts = ids.length === 0 ? [] : await redis.hmGet('presence', ids);
  const users = texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Presence]));
  return { users, full: false, success: true };
}

async function fillConnections(redis: Client, { connections, rooms }: TableSettings): Promise<void> {
  for (let from = 0; from < connections; from += CHUNK) {
    const fields: Record<string, string> = {};
    for (let n = from; n < Math.min(from + CHUNK, connections); n += 1) {
      const channels = ['authenticated', `room-${n % rooms}`, `tab|${n.toString(36).padStart(20, 'a')}`];
      fields[`connection${n}`] = JSON.stringify({ id: `user${n}`, email: `user${n}@example.com`, channels });
    }
    await redis.hSet('connections', fields);
  }
}

/** Stamps are small numbers: what has changed lately has its own number, everybody else has 0. */
async function fillPresence(redis: Client, { users, changed }: TableSettings): Promise<void> {
  for (let from = 0; from < users; from += CHUNK) {
    const fields: Record<string, string> = {};
    const stamps: { score: number; value: string }[] = [];
    for (let n = from; n < Math.min(from + CHUNK, users); n += 1) {
      const id = `user${n}`;
      fields[id] = JSON.stringify({ _id: id, name: `User ${n}`, username: id, status: 'online', utcOffset: 0 });
      stamps.push({ score: n < users - changed ? 0 : n, value: id });
    }
    await Promise.all([redis.hSet('presence', fields), redis.zAdd('changes', stamps)]);
  }
}

const verbs = { start };
export type TableVerbs = typeof verbs;

serve(verbs);
