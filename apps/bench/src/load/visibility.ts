/* How soon what was acknowledged shows: joins, and from the moment of the acknowledgement asks every pod until all show it. */
import { Agent, request } from 'node:http';
import type { Member } from './member';

export interface Probing {
  readonly joins: number;
  readonly everyMs: number;
  readonly joinEvent: string;
  readonly leaveEvent: string;
  /** Every pod, with what to ask it about a channel of this name. */
  readonly ports: readonly number[];
  readonly apiKey: string;
}

export interface Probed {
  /** From the acknowledgement until the last pod's answer has shown it. */
  readonly shownMs: readonly number[];
  /** From the join to its acknowledgement. */
  readonly acknowledgedMs: readonly number[];
  /** Answers, asked for after the acknowledgement, that did not show it yet. */
  readonly late: number;
}

interface Prober {
  readonly id: string;
  readonly member: Member;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function probe(probing: Probing, probers: readonly Prober[]): Promise<Probed> {
  const agent = new Agent({ keepAlive: true });
  const shownMs: number[] = [];
  const acknowledgedMs: number[] = [];
  let late = 0;
  const beganAt = performance.now();
  for (let number = 0; number < probing.joins; number += 1) {
    await pause(Math.max(0, beganAt + number * probing.everyMs - performance.now()));
    const { id, member } = probers[number % probers.length] as Prober;
    const channel = `probe-${number}`;
    const joinedAt = performance.now();
    await member.ask(probing.joinEvent, { channel });
    const acknowledgedAt = performance.now();
    acknowledgedMs.push(acknowledgedAt - joinedAt);
    await Promise.all(
      probing.ports.map(async (port) => {
        while (!(await shows(agent, port, probing.apiKey, channel, id))) late += 1;
      }),
    );
    shownMs.push(performance.now() - acknowledgedAt);
    await member.ask(probing.leaveEvent, { channel });
  }
  agent.destroy();
  return { shownMs, acknowledgedMs, late };
}

function shows(agent: Agent, port: number, apiKey: string, channel: string, id: string): Promise<boolean> {
  const body = JSON.stringify({ apiKey, channel });
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const asked = request(
      { agent, host: '127.0.0.1', port, method: 'POST', path: '/message/users', headers },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve(answer.statusCode === 201 && text.includes(`"${id}"`)));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}
