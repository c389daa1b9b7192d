/*
 * Socket.IO as its documentation has it (https://socket.io/docs/v4/redis-adapter/, `fetchSockets` of
 * https://socket.io/docs/v4/server-instance/#fetchsockets): several servers share rooms over Redis, and a question for
 * who is there asks them all. Without a Redis it is one server that nobody asks.
 */
import { createAdapter } from '@socket.io/redis-adapter';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createClient } from 'redis';
import { type DefaultEventsMap, Server } from 'socket.io';
import { serve } from '../processes/verbs';
import { listen } from './listen';

interface User {
  readonly id: string;
  readonly email: string;
}

type Answer = (answer: object) => void;

interface ClientEvents {
  join: (request: { channel: string }, answer: Answer) => void;
  leave: (request: { channel: string }, answer: Answer) => void;
}

export interface PlainSettings {
  /** Absent: no other servers. */
  readonly redisUrl?: string;
}

async function start({ redisUrl }: PlainSettings): Promise<number> {
  const http = createServer();
  const io = new Server<ClientEvents, DefaultEventsMap, DefaultEventsMap, User>(http);
  if (redisUrl !== undefined) {
    const publisher = createClient({ url: redisUrl });
    const subscriber = publisher.duplicate();
    for (const client of [publisher, subscriber]) client.on('error', () => undefined);
    await Promise.all([publisher.connect(), subscriber.connect()]);
    io.adapter(createAdapter(publisher, subscriber));
  }
  io.use((socket, next) => {
    const { id, email } = socket.handshake.auth as User;
    socket.data = { id, email };
    next();
  });
  io.on('connection', (socket) => {
    void socket.join('authenticated');
    socket.on('join', async ({ channel }, answer) => {
      await socket.join(channel);
      answer({ ok: true });
    });
    socket.on('leave', async ({ channel }, answer) => {
      await socket.leave(channel);
      answer({ ok: true });
    });
  });
  http.on('request', (request, response) => {
    if (request.url?.startsWith('/users') === true) void users(io, request, response);
  });
  return listen(http);
}

type Io = Server<ClientEvents, DefaultEventsMap, DefaultEventsMap, User>;

/** `/users`: the map of all rooms. `/users?channel=…`: one room of it. */
async function users(io: Io, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const channel = new URL(request.url ?? '', 'http://localhost').searchParams.get('channel');
  try {
    const body = JSON.stringify(channel === null ? await wholeMap(io) : { [channel]: await room(io, channel) });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  } catch (error) {
    const body = JSON.stringify({ error: String(error) });
    response.writeHead(500, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }
}

async function room(io: Io, channel: string): Promise<User[]> {
  const sockets = await io.in(channel).fetchSockets();
  return sockets.map(({ data: { id, email } }) => ({ id, email }));
}

async function wholeMap(io: Io): Promise<Record<string, User | User[]>> {
  const rooms = new Map<string, User | User[]>();
  for (const socket of await io.fetchSockets()) {
    const { id, email } = socket.data;
    for (const name of socket.rooms) {
      if (name === socket.id) rooms.set(`tab|${name}`, { id, email });
      else {
        const members = rooms.get(name);
        if (Array.isArray(members)) members.push({ id, email });
        else rooms.set(name, [{ id, email }]);
      }
    }
  }
  return Object.fromEntries(rooms);
}

const verbs = { start };
export type PlainVerbs = typeof verbs;

serve(verbs);
