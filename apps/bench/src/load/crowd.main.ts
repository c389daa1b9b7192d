/*
 * A process that holds a crowd of connections: users `from` to `from + count`, spread over the ports in turn. It keeps
 * up changes at a given rate, and asks servers how soon a join shows.
 */
import { serve } from '../processes/verbs';
import { Changes, type ChangeRates } from './changes';
import { type Dialect, roomOf, userId, wordsOf } from './dialect';
import { Member } from './member';
import { type Probing, probe } from './visibility';

export interface Opening {
  readonly dialect: Dialect;
  readonly ports: readonly number[];
  readonly from: number;
  readonly count: number;
  readonly rooms: number;
  /** Joined beside the room, by each. */
  readonly more?: readonly string[];
}

/** So many handshakes are under way at once: enough to keep two servers busy, too few to overrun their backlog. */
const AT_ONCE = 64;

const members = new Map<number, Member>();
let lost = 0;
let changes: Changes | undefined;

async function inParallel(users: Iterator<number>, work: (user: number) => Promise<void>): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = users.next(); next.done !== true; next = users.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function* range(from: number, count: number): Generator<number, undefined> {
  for (let user = from; user < from + count; user += 1) yield user;
}

async function open({ dialect, ports, from, count, rooms, more = [] }: Opening): Promise<{ ms: number }> {
  const words = wordsOf(dialect);
  const began = performance.now();
  await inParallel(range(from, count), async (user) => {
    const port = ports[user % ports.length] as number;
    const { readyEvent } = words;
    const member = await Member.open({ port, auth: words.auth(user), readyEvent }, () => (lost += 1));
    members.set(user, member);
    const channels = [roomOf(user, rooms), ...more];
    await Promise.all(channels.map(async (channel) => expectOk(await member.ask(words.join, { channel }))));
  });
  return { ms: performance.now() - began };
}

function expectOk(answer: string): void {
  if (!answer.startsWith('{"ok":true')) throw new Error(`A join was answered ${answer}`);
}

async function close({ from, count }: { from: number; count: number }): Promise<void> {
  await inParallel(range(from, count), async (user) => {
    const member = members.get(user);
    members.delete(user);
    await member?.leave();
  });
}

function startChanges(rates: ChangeRates): void {
  changes = new Changes(rates, members);
  changes.start();
}

/** Resolves with the changes a second that were acknowledged since the start. */
async function stopChanges(): Promise<{ perSecond: number }> {
  const stopped = await changes?.stop();
  return { perSecond: stopped ?? 0 };
}

const verbs = {
  open,
  close,
  startChanges,
  stopChanges,
  lost: () => lost,
  probe: (probing: Probing) =>
    probe(
      probing,
      [...members].map(([user, member]) => ({ id: userId(user), member })),
    ),
};
export type CrowdVerbs = typeof verbs;

serve(verbs);
