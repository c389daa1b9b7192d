import { createShardedAdapter } from '@socket.io/redis-adapter';
import { BoundedPublisher } from './bounded-publisher';
import { closeClients, redisClient, type RedisSettings } from './clients';

export interface SocketMessages {
  /** For `server.adapter(…)`. */
  readonly adapter: ReturnType<typeof createShardedAdapter>;
  close(): Promise<void>;
}

/** A subscription that failed is tried again so often. */
const SUBSCRIBE_EVERY_MS = 100;

/**
 * Messages between the pods' sockets: Socket.IO's sharded adapter, on clients of its own. Whatever Redis does, the
 * sockets of this pod are reached; those of others miss what is sent while it is away.
 */
export function socketMessages(settings: RedisSettings, prefix: string): SocketMessages {
  const { client: publisher } = redisClient(settings, 'publishing');
  const { client: subscriber } = redisClient(settings, 'hearing');
  const bounded = new BoundedPublisher((channel, message) => publisher.sPublish(channel, message), settings.timeoutMs);
  let closed = false;

  // The adapter waits for a message to be published before it reaches this pod's own sockets. They shall not wait for
  // Redis, so to the adapter it is published at once.
  const sPublish = (channel: string, message: string | Buffer): Promise<number> => {
    bounded.publish(channel, message);
    return Promise.resolve(0);
  };
  // Nor does it look after its subscriptions: one that fails would end the process, or leave the pod deaf.
  const sSubscribe: typeof subscriber.sSubscribe = async (...subscription) => {
    while (!closed) {
      try {
        return await subscriber.sSubscribe(...subscription);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, SUBSCRIBE_EVERY_MS));
      }
    }
  };
  // The clients are about to close, and their subscriptions with them.
  const sUnsubscribe = (): Promise<void> => Promise.resolve();

  // Static: two subscriptions a pod. The other way is one a room, and rooms come and go with every tab.
  const options = { channelPrefix: `{${prefix}}:io`, subscriptionMode: 'static' } as const;
  return {
    adapter: createShardedAdapter({ sPublish, sSubscribe }, { sSubscribe, sUnsubscribe }, options),
    close: () => {
      closed = true;
      return closeClients(publisher, subscriber);
    },
  };
}
