/*
 * The one place that makes Redis clients: for a single server, a cluster, or a master that sentinels name. Commands
 * fail at once while there is no connection; subscriptions are renewed by themselves.
 */
import { createClient, createCluster, createSentinel } from 'redis';

export interface RedisSettings {
  /** `redis://` or `rediss://`, with user and password where needed; several nodes of a cluster. */
  readonly urls: readonly string[];
  /** Ask these who is the master of `name`; user, password and TLS are those of the URL. */
  readonly sentinels?: { readonly nodes: readonly { host: string; port: number }[]; readonly name: string };
  readonly timeoutMs: number;
  /** Clients tell of broken connections again and again; nothing is wrong with them that reconnecting does not mend. */
  readonly onError: (error: Error) => void;
}

/** `commands`, `publishing`: nothing waits in a queue for the connection, but behind Sentinel. `hearing`: subscriptions do, within reason. */
type Purpose = 'commands' | 'publishing' | 'hearing';

/** What the line takes before it asks the client to wait for a turn of the event loop: more than a few large messages. */
const PUBLISHING_BUFFER_BYTES = 1_048_576;

/** While Redis is away so many subscriptions wait; more fail. */
const SUBSCRIPTIONS_WAITING_MAX = 10_000;

/**
 * How often a client that only hears asks the sentinels for the master. One that sends commands finds out when they fail;
 * this one would go on waiting for a master that has gone: the client listens to the sentinels over one connection, and
 * does not open it again.
 */
const MASTER_ASKED_EVERY_MS = 1000;

/**
 * While the client looks for the master every command waits, though the old line may be sound. It tries once a second; a
 * command that fails makes it look again.
 */
const SENTINEL_TRIES = 2;

/** Grows from try to try, with a random part, so that pods do not come back all at once. */
const reconnectStrategy = (retries: number): number => Math.min(50 * 2 ** retries, 1000) * (0.5 + Math.random() / 2);

/** A server that is frozen is noticed, even if nothing is asked: pings go unanswered, and the socket is given up. */
const options = ({ timeoutMs }: RedisSettings, purpose: Purpose) => ({
  RESP: 2 as const,
  // The client's own timeout costs a timer a command and does not cover a frozen server; the link has a better one.
  commandOptions: { timeout: 0 },
  pingInterval: timeoutMs,
  socket: {
    ...{ connectTimeout: timeoutMs, socketTimeout: 2 * timeoutMs, reconnectStrategy },
    ...(purpose === 'publishing' ? { highWaterMark: PUBLISHING_BUFFER_BYTES } : {}),
  },
  ...(purpose === 'hearing' ? { commandsQueueMaxLength: SUBSCRIPTIONS_WAITING_MAX } : { disableOfflineQueue: true }),
});

/** The login and TLS that a URL names, for nodes whose addresses are found out later. */
function access({ urls: [url = ''] }: RedisSettings) {
  const { username, password, protocol } = new URL(url);
  return {
    login: {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    },
    tls: protocol === 'rediss:' ? { tls: true as const } : {},
  };
}

/** A client for the settings, which begins to connect at once and never stops trying; `send` goes to the node of the key. */
export function redisClient(settings: RedisSettings, purpose: Purpose) {
  if (settings.sentinels !== undefined) return sentinelClient(settings, settings.sentinels, purpose);
  return settings.urls.length > 1 ? clusterClient(settings, purpose) : singleClient(settings, purpose);
}

const theOnlyNode = (send: (args: string[]) => Promise<unknown>) => ({
  send: (_key: string, args: string[]) => send(args),
  probe: () => send(['PING']),
  nodeOf: () => '',
});

function singleClient(settings: RedisSettings, purpose: Purpose) {
  const client = createClient({ url: settings.urls[0], ...options(settings, purpose) });
  client.on('error', settings.onError);
  client.connect().catch(settings.onError);
  return { client, ...theOnlyNode((args) => client.sendCommand(args)) };
}

function clusterClient(settings: RedisSettings, purpose: Purpose) {
  const { login, tls } = access(settings);
  const { socket, ...rest } = options(settings, purpose);
  const client = createCluster({
    rootNodes: settings.urls.map((url) => ({ url, socket: { connectTimeout: settings.timeoutMs } })),
    RESP: 2,
    commandOptions: { timeout: 0 },
    defaults: { ...rest, ...login, socket: { ...socket, ...tls } },
  });
  client.on('error', settings.onError);
  client.on('node-error', settings.onError);
  void retried(() => client.connect(), settings.onError);
  const send = (key: string, args: string[]): Promise<unknown> =>
    client.sendCommand(key === '' ? undefined : key, false, args);
  return {
    client,
    send,
    // A cluster client sends a ping to every node; a frozen one would speak for all. The key may hold anything.
    probe: (key: string) => send(key, key === '' ? ['PING'] : ['GET', key]),
    nodeOf: (key: string): string => (key === '' ? '' : (client.slots[slotOf(key)]?.master.address ?? '')),
  };
}

/** CRC16 (XMODEM) of what stands in the first braces, or else of the whole key. */
function slotOf(key: string): number {
  const tag = /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
  }
  return crc & 0x3fff;
}

function sentinelClient(
  settings: RedisSettings,
  { nodes, name }: NonNullable<RedisSettings['sentinels']>,
  purpose: Purpose,
) {
  const { login, tls } = access(settings);
  // Whatever is asked waits while the client looks for the master, within reason.
  const { pingInterval, ...rest } = options(settings, 'hearing');
  const { socket } = options(settings, purpose);
  const client = createSentinel({
    name,
    sentinelRootNodes: [...nodes],
    RESP: 2,
    maxCommandRediscovers: SENTINEL_TRIES - 1,
    nodeClientOptions: { ...rest, ...login, pingInterval, socket: { ...socket, ...tls } },
    // Sentinels have little to say: without pings the silence would be taken for a frozen one.
    sentinelClientOptions: { pingInterval, socket },
    ...(purpose === 'hearing' ? { scanInterval: MASTER_ASKED_EVERY_MS } : {}),
  });
  client.on('error', (error: unknown) => settings.onError(asError(error)));
  client.on('client-error', ({ error }: { error: unknown }) => settings.onError(asError(error)));
  void retried(() => client.connect(), settings.onError);
  return { client, ...theOnlyNode((args) => client.sendCommand(false, args)) };
}

/** The sentinel client tells some of its errors as text. */
const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** The first contact of a cluster or sentinel client is not retried by itself. */
async function retried(connect: () => Promise<unknown>, onError: (error: Error) => void): Promise<void> {
  for (let retries = 0; ; retries += 1) {
    try {
      await connect();
      return;
    } catch (error) {
      onError(error as Error);
      await new Promise((resolve) => setTimeout(resolve, reconnectStrategy(retries)).unref());
    }
  }
}

/** Nothing is worth waiting for: what was acknowledged is in Redis. */
export async function closeClients(...clients: { destroy(): unknown }[]): Promise<void> {
  for (const client of clients) {
    try {
      await client.destroy();
    } catch (error) {
      // A client that has never been connected says so when it is closed.
      if (!(error instanceof Error) || error.constructor.name !== 'ClientClosedError') throw error;
    }
  }
}
