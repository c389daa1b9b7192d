/*
 * Three ways of knowing who is online, by what each client costs: the full list every ten seconds, what has changed since
 * the last answer every ten seconds, and watching. Clients poll ten times as often as they would, and are counted so.
 */
import { FIRST_NEWCOMER } from '../load/changes';
import { userId, wordsOf } from '../load/dialect';
import { Member } from '../load/member';
import { once } from '../once';
import { pause } from '../processes/patience';
import type { Figures, Row, RowGroup, Side } from '../row';
import { type CrowdedStack, ROLLCALL, ROOMS, rollcallStack, withCrowd } from '../stacks/crowded';
import { costOf } from '../stacks/measured';
import { presenceQuestion } from '../stacks/rollcall';

const CROWD = 2000;
const CLIENTS = 300;

/** Users who come, and as many who go, a second: each is a change of presence. */
const NEWCOMERS = 20;

const POLL_EVERY_MS = 1000;
const POLLS_PER_MINUTE = 6;

/** Watchers of some users know so many of them by name, as a page with a list of colleagues does. */
const COLLEAGUES = 50;

/** They are as likely to come and go as anybody. */
const EACH = CROWD / COLLEAGUES;

const WATCHERS_FROM = 7_000_000;

export const watchingGroup: RowGroup = ({ share, sampleMs }, processes) => {
  const ms = Math.max(4000, 2 * sampleMs);
  const stack = once(async () => {
    const crowded = await withCrowd(processes, await rollcallStack(processes, 1), Math.max(500, CROWD * share));
    const { crowd, dialect, ports } = crowded;
    await crowd.call('startChanges', { dialect, ports, rooms: ROOMS, newcomers: NEWCOMERS, joins: 0 });
    await pause(5000);
    return crowded;
  });
  const side = (name: string, run: (stack: CrowdedStack) => Promise<Run>): Side => ({
    name,
    sample: async (): Promise<Figures> => {
      const servers = await stack();
      // What the changes alone cost, which nobody has to be told of.
      const { podsMs: baseMs } = await costOf(servers, () => pause(ms));
      const { work, bytesAMinute, cpuShare, stop } = await run(servers);
      const before = bytesAMinute();
      const { podsMs } = await costOf(servers, () => work(ms));
      const perMinute = 60_000 / ms / CLIENTS;
      const figures = {
        cpu: Math.max(0, podsMs - baseMs) * perMinute * cpuShare,
        bytes: (bytesAMinute() - before) * perMinute * cpuShare,
      };
      await stop();
      return figures;
    },
  });
  const row: Row = {
    id: 'watching',
    what: `knowing who of ${CROWD.toLocaleString('en-US')} is online, while ${NEWCOMERS} come and go a second: a client, for a minute`,
    notes: [
      'Polling once in ten seconds; watchers are told within a tick of 50 ms. Redis and the changes themselves are left out.',
    ],
    sides: [
      side('full list', (servers) => Promise.resolve(polling(servers, () => undefined))),
      side('delta', (servers) => Promise.resolve(polling(servers, (time) => new Date(Number(time)).toISOString()))),
      side('watch all', (servers) => watching(servers, {})),
      side('watch some', (servers) =>
        watching(servers, { ids: Array.from({ length: COLLEAGUES }, (_, n) => userId(FIRST_NEWCOMER + EACH * n)) }),
      ),
    ],
    verdicts: ['full list', 'delta', 'watch all', 'watch some'].flatMap((ours) => [
      { label: `CPU, ${ours}`, unit: 'ms', figure: 'cpu', ours } as const,
      { label: `bytes, ${ours}`, unit: 'bytes', figure: 'bytes', ours } as const,
    ]),
  };
  return [row];
};

interface Run {
  readonly work: (ms: number) => Promise<void>;
  readonly bytesAMinute: () => number;
  /** Clients that do more than they would are counted for less. */
  readonly cpuShare: number;
  readonly stop: () => Promise<void>;
}

function polling({ ports }: CrowdedStack, fromOf: (time: string) => string | undefined): Run {
  let bytes = 0;
  const times = new Map<number, string>();
  const poll = async (client: number): Promise<void> => {
    const time = times.get(client);
    const { port, path, headers } = presenceQuestion(ports[0] ?? 0, time === undefined ? undefined : fromOf(time));
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    if (answer.status !== 200) throw new Error(`A poll was answered ${answer.status}.`);
    times.set(client, answer.headers.get('x-rollcall-time') ?? '');
    bytes += (await answer.arrayBuffer()).byteLength;
  };
  const work = async (ms: number): Promise<void> => {
    const until = performance.now() + ms;
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      await pause((client / CLIENTS) * POLL_EVERY_MS);
      for (let next = performance.now(); next < until; next += POLL_EVERY_MS) {
        await poll(client);
        await pause(Math.max(0, next + POLL_EVERY_MS - performance.now()));
      }
    });
    await Promise.all(clients);
  };
  const cpuShare = POLLS_PER_MINUTE / (60_000 / POLL_EVERY_MS);
  return { work, bytesAMinute: () => bytes, cpuShare, stop: () => Promise.resolve() };
}

async function watching({ ports }: CrowdedStack, request: object): Promise<Run> {
  const words = wordsOf(ROLLCALL);
  const members: Member[] = [];
  for (let n = 0; n < CLIENTS; n += 1) {
    const user = WATCHERS_FROM + n;
    const member = await Member.open({ port: ports[0] ?? 0, auth: words.auth(user), readyEvent: words.readyEvent });
    const answer = await member.ask('presence:watch', request);
    if (!answer.startsWith('{"ok":true')) throw new Error(`A watch was answered ${answer}`);
    members.push(member);
  }
  // The watchers' own coming is news to the others.
  await pause(1000);
  return {
    work: (ms) => pause(ms),
    bytesAMinute: () => members.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
    cpuShare: 1,
    stop: async () => {
      await Promise.all(members.map((member) => member.leave()));
      await pause(4000);
    },
  };
}
