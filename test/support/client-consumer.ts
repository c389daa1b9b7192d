/* What a user of the package writes; compiled against the packed one, as a module of either kind. */
import { connect, type Member, type PresenceRow, rest, RollcallError, type RestAnswer } from '@rollcall/client';

export async function consume(url: string): Promise<string> {
  const client = connect(url, { token: () => Promise.resolve('t'), userId: 'ada', transports: ['polling'] });
  const { connectionId, user } = await client.session;
  const { kind, count } = await client.join('room', { anonymous: true });
  const { delivered, degraded } = await client.send('room', { any: ['json', 1, null] });
  const watch = client.watch('room', { join: false });
  const off: () => void = watch.on('change', ({ joined, left, updated, anonymous, reset }) => {
    const members: readonly Member[] = [...joined, ...left, ...updated];
    if (reset && anonymous > 0) off();
    return members;
  });
  const name: string | undefined = watch.users.get('ada')?.name;
  const row: PresenceRow | undefined = client.watchPresence(new Set(['ada'])).get('ada');
  client.on('error', ({ code, temporary }) => (code === 'KICKED' && !temporary ? client.reconnect() : undefined));
  const { status } = await client.setPresence({ status: 'busy' });

  const api = rest(url, { apiKey: 'k' }, { timeoutMs: 100 });
  const page = await api.get('/v1/channels', { query: { limit: 10 } });
  const next: string | undefined = page.body.nextCursor;
  const users: RestAnswer<unknown> = await api.post('/message/users');
  const gone: undefined = (await api.delete('/v1/users/{id}', { path: { id: 'ada' } })).body;

  // @ts-expect-error there is no such status
  await client.setPresence({ status: 'gone' });
  // @ts-expect-error the map is for reading
  // eslint-disable-next-line @typescript-eslint/no-unsafe-call -- that it is wrong is the point
  watch.users.set('eve', { id: 'eve', username: 'eve', name: 'Eve' });
  // @ts-expect-error there is no such event
  client.on('nothing', () => undefined);
  // @ts-expect-error there is no such route
  await api.get('/v1/nothing');
  // @ts-expect-error the path needs an id
  await api.get('/v1/users/{id}');
  // @ts-expect-error a message has to be sent to some channels
  await api.post('/message/sendmessage', { body: {} });

  const error = new RollcallError('TIMEOUT', 'Too late.', { status: 503 });
  return [connectionId, user?.id, kind, count, delivered, degraded, name, row?.status, status, next, users.cursor, gone]
    .concat(error.code)
    .join();
}
