import { connect, type ConnectOptions, type RollcallClient } from '@rollcall/client';
import { FakeService } from './fake-service';
import { stopAfterTest } from './teardown';

/** Comes back at once: how long it waits is tested by itself. */
const SOON = { reconnectionDelay: 1, reconnectionDelayMax: 4 };

/** A client that is closed after the test. */
export function clientOf(url: string, options: ConnectOptions = {}): RollcallClient {
  const client = connect(url, { ...SOON, ...options });
  stopAfterTest(() => client.close());
  return client;
}

/** A played service, and `ada` connected to it. */
export async function playedService(options: ConnectOptions = { userId: 'ada', token: 't' }) {
  const service = await FakeService.start();
  const client = clientOf(service.url, options);
  await client.session;
  return { service, client };
}

/** Breaks the lines; resolves when the client has seen it, and before it is back. */
export async function cut(service: FakeService, client: RollcallClient): Promise<void> {
  const seen = new Promise((resolve) => client.on('disconnect', resolve));
  service.cut();
  await seen;
}
