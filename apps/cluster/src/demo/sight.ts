/* What a pod says of all data centres, asked by `/message/allusers`. */
import { request } from 'node:http';

/** What one pod knows of one data centre. */
export interface Seen {
  readonly state: string;
  /** Of figures that are stale. */
  readonly ageS?: number;
  /** Absent: it is left out of the answer. */
  readonly figures?: { readonly users: readonly string[]; readonly anonymous: number };
}

export interface Sight {
  readonly dc: string;
  /** The pod that was asked; absent: none lives. */
  readonly pod?: string;
  /** Why there is no answer. */
  readonly fault?: string;
  readonly seen: ReadonlyMap<string, Seen>;
  readonly total?: { readonly authenticated: number; readonly anonymous: number };
}

export interface Question {
  readonly port: number;
  readonly host: string;
  readonly apiKey: string;
}

/** Longer than a pod waits for anybody. */
const ANSWER_WITHIN_MS = 3000;

type Answered = Pick<Sight, 'seen' | 'total' | 'fault'>;

export async function askPod(question: Question): Promise<Answered> {
  try {
    const { status, states, text } = await post(question);
    if (status !== 201) return { seen: new Map(), fault: `answers ${status}` };
    return readAnswer(states, text);
  } catch {
    // It is being killed, or stands still: the next question is half a second away.
    return { seen: new Map(), fault: 'does not answer' };
  }
}

/** `states` is the header `X-Rollcall-Dc`, `text` the body. */
export function readAnswer(states: string, text: string): Answered {
  const body = new Map(Object.entries(JSON.parse(text) as Record<string, unknown>));
  const total = body.get('_total') as Sight['total'];
  const seen = states.split(', ').map((part): [string, Seen] => {
    const [, dc = part, state = 'unknown', age] = /^([^=]+)=(\w+)(?:;age=(\d+))?$/.exec(part) ?? [];
    const told = body.get(dc) as { authenticated: { id: string }[]; anonymous: number } | undefined;
    const figures =
      told === undefined
        ? {}
        : { figures: { users: told.authenticated.map(({ id }) => id), anonymous: told.anonymous } };
    return [dc, { state, ...(age === undefined ? {} : { ageS: Number(age) }), ...figures }];
  });
  return { seen: new Map(seen), total };
}

function post({ port, host, apiKey }: Question): Promise<{ status: number; states: string; text: string }> {
  const body = JSON.stringify({ apiKey, includeUsers: true });
  const headers = { host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const options = { host: '127.0.0.1', port, path: '/message/allusers', method: 'POST', headers, agent: false };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, timeout: ANSWER_WITHIN_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, states: String(answer.headers['x-rollcall-dc'] ?? ''), text });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('does not answer')));
    asked.on('error', reject);
    asked.end(body);
  });
}
