import { closeClients, redisClient, type RedisSettings } from './clients';

/** What the three kinds of client have in common, as far as the roster needs it. */
export interface RedisPort {
  /** `key` decides on the node; '' is any. */
  command(key: string, args: readonly string[]): Promise<unknown>;
  /** Asks the node of the key for a sign of life; an error that it words itself is one. */
  probe(key: string): Promise<unknown>;
  /** The node that the key lies on, by a name; '' where there is but one, or it is not known. */
  nodeOf(key: string): string;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<void>;
  /** Calls back whenever a connection was lost and is there again: what was published in between is missed. */
  onReconnect(listener: () => void): void;
  close(): Promise<void>;
}

/** Events by which the clients tell that a connection is there again. */
const BACK_AGAIN = ['ready', 'node-ready', 'topology-change'];

/** Makes the clients and begins to connect; does not wait for the first contact. */
export function connectRedis(settings: RedisSettings): RedisPort {
  const commands = redisClient(settings, 'commands');
  const { client: messages } = redisClient(settings, 'hearing');
  return {
    command: (key, args) => commands.send(key, [...args]),
    probe: (key) => commands.probe(key),
    nodeOf: (key) => commands.nodeOf(key),
    subscribe: async (channel, listener) => void (await messages.sSubscribe(channel, listener)),
    unsubscribe: async (channel, listener) => void (await messages.sUnsubscribe(channel, listener)),
    onReconnect: (listener) => {
      for (const client of [commands.client, messages]) for (const event of BACK_AGAIN) client.on(event, listener);
    },
    close: () => closeClients(commands.client, messages),
  };
}
