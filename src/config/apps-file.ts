import { MESSAGE_MAX_BYTES, nameFault } from '@rollcall/contract';
import { ROLES } from '@rollcall/roster';
import { z } from 'zod';
import { apiKeyEntry } from './api-key-entry';
import type { App } from './app';
import { channelRules } from './channel-rules';
import { ConfigError } from './environment';
import { hostName } from './host-name';
import { takeEachOthersTokens } from './shared-logins';
import { jwtRules } from './jwt-rules';
import { writtenSecret } from './written-secret';

const whole = (from: number, to: number): z.ZodNumber => z.number().int().min(from).max(to);
const name = z.string().superRefine((value, context) => {
  const fault = nameFault(value);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});
const host = z.string().refine((value) => value === '*' || hostName(value) === value, {
  message: 'must be a host name in lower case without a port, or "*"',
});
const origin = z.string().refine((value) => URL.canParse(value) && new URL(value).origin === value, {
  message: 'must be an origin such as "https://portal.example.com"',
});

const user = z.strictObject({
  id: name,
  email: z.string().min(1).max(320).optional(),
  username: name.optional(),
  name: name.optional(),
  utcOffset: z.number().min(-14).max(14).optional(),
  avatarETag: z.string().min(1).max(255).optional(),
  bot: z.boolean().optional(),
  role: z.enum(ROLES).optional(),
  tokens: z.array(writtenSecret).max(100).default([]),
});

const limits = z.strictObject({
  requestsPerMinute: whole(1, 100_000_000).optional(),
  usersPresencePerMinute: whole(1, 100_000_000).default(1200),
  eventsPerSecond: whole(1, 1_000_000).default(100),
  eventsBurst: whole(1, 1_000_000).default(300),
  joinsPerSecond: whole(1, 1_000_000).optional(),
  messagesPerSecond: whole(1, 1_000_000).optional(),
  deliveriesPerSecond: whole(1, 100_000_000).default(5000),
  messageBytes: whole(1, MESSAGE_MAX_BYTES).default(MESSAGE_MAX_BYTES),
  channelsPerConnection: whole(1, 10_000).default(100),
  channelsPerHost: whole(1, 10_000_000).default(100_000),
  connectionsPerHost: whole(1, 10_000_000).default(1_000_000),
  connectionsPerUser: whole(1, 1_000_000).default(100),
  connectionsPerIp: whole(1, 1_000_000).optional(),
  hosts: whole(1, 1_000_000).default(1000),
  revokedTokens: whole(1, 1_000_000).default(10_000),
});

const app = z.strictObject({
  id: name,
  hosts: z.array(host).min(1),
  apiKeys: z.array(apiKeyEntry),
  dialect: z.enum(['klai', 'betterforms']).default('klai'),
  anonymous: z.boolean().default(false),
  origins: z.array(origin).optional(),
  jwt: jwtRules.optional(),
  presence: z
    .strictObject({ broadcastDisabled: z.boolean().default(false), lastSeen: z.boolean().default(false) })
    .prefault({}),
  watch: z.strictObject({ emails: z.boolean().default(false) }).prefault({}),
  channels: channelRules.default([]),
  limits: limits.prefault({}),
  users: z.array(user).default([]),
});

const appsFile = z.strictObject({ apps: z.array(app).min(1) }).superRefine(({ apps }, context) => {
  const seen = new Map<string, string>();
  const once = (what: string, value: string, path: (string | number)[]): void => {
    const place = pathText(path);
    const first = seen.get(`${what}\n${value}`);
    if (first === undefined) seen.set(`${what}\n${value}`, place);
    else context.addIssue({ code: 'custom', path, message: `names ${JSON.stringify(value)}, as ${first} does` });
  };
  apps.forEach(({ id, hosts, users, apiKeys, jwt }, at) => {
    once('app', id, ['apps', at, 'id']);
    hosts.forEach((value, index) => once('host', value, ['apps', at, 'hosts', index]));
    // Two entries might give the one key different scopes. It is named by its place alone.
    apiKeys.forEach(({ hash }, index) => {
      const first = apiKeys.findIndex((other) => other.hash.equals(hash));
      const message = `is the same key as ${pathText(['apps', at, 'apiKeys', first])}`;
      if (first < index) context.addIssue({ code: 'custom', path: ['apps', at, 'apiKeys', index], message });
    });
    const twin = apps.findIndex(
      (other, before) => before < at && jwt && other.jwt && takeEachOthersTokens(jwt, other.jwt),
    );
    if (twin >= 0) {
      const message = `takes the tokens of ${pathText(['apps', twin])}, which trusts the same key: give each an audience`;
      context.addIssue({ code: 'custom', path: ['apps', at, 'jwt'], message });
    }
    users.forEach((member, index) => once(`user of ${at}`, member.id, ['apps', at, 'users', index, 'id']));
  });
});

/** The apps file as it is written: JSON of this shape. */
export type AppsFile = z.input<typeof appsFile>;

/** Checks an apps file and hashes its secrets, or throws a `ConfigError` that names each path at fault. */
export function readApps(json: unknown, source: string): App[] {
  const parsed = appsFile.safeParse(json);
  if (parsed.success) return parsed.data.apps.map(compile);
  const faults = parsed.error.issues.map(({ path, message }) => `  ${pathText(path) || '(top level)'}: ${message}`);
  throw new ConfigError(`${source} cannot be used:\n${faults.join('\n')}`);
}

function compile(written: z.output<typeof app>): App {
  const { jwt, users, origins, ...rest } = written;
  return {
    ...rest,
    anyHost: rest.hosts.includes('*'),
    origins: origins === undefined ? null : new Set(origins),
    jwt: jwt ?? null,
    users: new Map(users.map(({ id, tokens, ...details }) => [id, { details, tokenHashes: tokens }])),
  };
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
