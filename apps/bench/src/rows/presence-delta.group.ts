import type { TableVerbs } from '../competitors/redis-table.main';
import { loadLarge } from '../load/large-load';
import { answerTo, bodyOf } from '../load/one-answer';
import { once } from '../once';
import { pause, until, within } from '../processes/patience';
import type { Row, RowGroup } from '../row';
import { pidOf, startChild } from '../stacks/child';
import { startRedis } from '../stacks/redis';
import { HOST, presenceQuestion, startPods } from '../stacks/rollcall';
import { crowdRow, RowWriter } from '../store/crowd-rows';
import { openStore } from '../store/own-store';
import { httpSide } from './http-side';

const USERS = 1_000_000;
const CHANGED = 1000;

/** Written at a time: the bench need not hold a million rows. */
const PART = 20_000;

const FILL_WITHIN_MS = 240_000;

/** `users.presence?from=`: few have changed of very many. Users are written at the store port; a pod then serves them. */
export const presenceDeltaGroup: RowGroup = ({ share, sampleMs }, processes) => {
  const users = Math.max(50_000, Math.round(USERS * share));
  const asking = { callers: 1, ms: Math.max(1000, sampleMs) };
  const rollcall = once(async () => {
    const redis = await startRedis(processes);
    const from = await within('Filling the store', FILL_WITHIN_MS, fill(redis.url, users));
    const [pod] = await startPods(processes, 1, redis);
    if (pod === undefined) throw new Error('There is no pod.');
    const question = presenceQuestion(pod.port, from);
    // The first questions load the view, and go unanswered until that is done.
    await until('Loading the view', FILL_WITHIN_MS, async () => (await answerTo(question))?.status === 200);
    const answer = JSON.parse((await bodyOf(question)).toString()) as { users: unknown[]; full: boolean };
    if (answer.full || answer.users.length !== CHANGED) {
      throw new Error(`The answer has ${answer.users.length} users, full: ${answer.full}.`);
    }
    return { question, podPids: [pod.pid], redisPids: [redis.pid] };
  });
  const table = once(async () => {
    const redis = await startRedis(processes);
    const server = startChild<TableVerbs>(processes, 'competitors/redis-table.main');
    const settings = { redisUrl: redis.url, connections: 0, rooms: 1, users, changed: CHANGED };
    const port = await within('Filling the table', FILL_WITHIN_MS, server.call('start', settings));
    const question = { port, method: 'GET', path: `/presence?from=${users - CHANGED}` } as const;
    return { question, podPids: [pidOf(server)], redisPids: [redis.pid] };
  });
  const verdict = { unit: 'ms', ours: 'Rollcall', theirs: 'zset + HMGET' } as const;
  const row: Row = {
    id: 'presence-from',
    what: `users.presence?from=, ${CHANGED.toLocaleString('en-US')} changed of ${users.toLocaleString('en-US')}, against zset + HMGET + parse`,
    sides: [
      httpSide({ name: 'Rollcall', stack: rollcall, question: ({ question }) => question, load: loadLarge, asking }),
      httpSide({ name: 'zset + HMGET', stack: table, question: ({ question }) => question, load: loadLarge, asking }),
    ],
    verdicts: [
      {
        ...{ ...verdict, label: 'p50', figure: 'p50' },
        ...{ bar: { kind: 'times', least: 10 }, stretch: { kind: 'times', least: 20 } },
      },
      { ...verdict, label: 'CPU', figure: 'cpu' },
    ],
  };
  return [row];
};

/** Everybody connects, and later some turn idle. @returns the moment between the two, as `from` takes it. */
async function fill(redisUrl: string, users: number): Promise<string> {
  const { store, close } = await openStore(redisUrl);
  const writer = new RowWriter(store, HOST);
  await writer.open();
  for (let first = 0; first < users; first += PART) {
    const part = Array.from({ length: Math.min(PART, users - first) }, (_, n) => crowdRow(first + n, 0));
    await writer.write(part);
  }
  await pause(50);
  const { atMs } = await store.now(HOST, 0);
  await pause(50);
  await writer.write(Array.from({ length: CHANGED }, (_, n) => crowdRow(n, 0, false)));
  await close();
  return new Date(atMs).toISOString();
}
