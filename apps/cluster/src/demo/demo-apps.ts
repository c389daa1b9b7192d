/* What the demonstration serves, and who visits it. */
import { readFileSync } from 'node:fs';

/** Two for each data centre, of which there may be nine. */
const NAMES = ['ada', 'ben', 'cyd', 'dee', 'eve', 'fay', 'gus', 'hal', 'ida', 'joy', 'kim', 'leo', 'mia', 'ned', 'oda'];
const MORE_NAMES = ['pam', 'roy', 'sue'];

const USERS = [...NAMES, ...MORE_NAMES].map((id) => ({
  id,
  email: `${id}@example.com`,
  username: id,
  name: `${id.charAt(0).toUpperCase()}${id.slice(1)}`,
  tokens: [`token-of-${id}`],
}));

/** Its secrets are public, as are those of the demo app; all pods listen on this machine alone. */
export const DEMO_APPS = {
  apps: [{ id: 'demo', hosts: ['localhost', '127.0.0.1'], apiKeys: ['BFAPI_demo'], anonymous: true, users: USERS }],
};

/** Who opens a tab; without a user it is nobody in particular. */
export interface Visitor {
  readonly userId?: string;
  readonly token?: string;
}

/** The first app of an apps file, as far as the demonstration needs it. */
export interface Served {
  readonly host: string;
  /** Absent: the file has hashes of keys alone. */
  readonly apiKey?: string;
  readonly users: readonly Visitor[];
  readonly anonymous: boolean;
}

interface WrittenApp {
  readonly hosts?: readonly string[];
  readonly apiKeys?: readonly string[];
  readonly anonymous?: boolean;
  readonly users?: readonly { readonly id: string; readonly tokens?: readonly string[] }[];
}

/** Reads no more than it needs: the pods check the file, and say what is wrong with it. */
export function readServed(file: string): Served {
  const { apps } = read(file) as { readonly apps?: readonly WrittenApp[] };
  const { hosts = [], apiKeys = [], users = [], anonymous = false } = apps?.[0] ?? {};
  return {
    host: hosts.find((host) => host !== '*') ?? 'localhost',
    apiKey: apiKeys.find((key) => !key.startsWith('sha256:')),
    users: users.flatMap(({ id, tokens = [] }) => tokens.slice(0, 1).map((token) => ({ userId: id, token }))),
    anonymous,
  };
}

function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`The apps file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Who visits which of so many data centres: two users each as long as there are some, and somebody anonymous. */
export function visitorsOf({ users, anonymous }: Served, dcs: number): Visitor[][] {
  return Array.from({ length: dcs }, (_, n) => [...users.slice(2 * n, 2 * n + 2), ...(anonymous ? [{}] : [])]);
}
