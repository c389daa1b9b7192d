import { TcpProxy as Proxy } from '../../apps/cluster/src/network/tcp-proxy';
import { stopAfterTest } from './teardown';

/** A TCP line that misbehaves when told to, closed after the test. */
export class TcpProxy extends Proxy {
  static override async start(target: number): Promise<TcpProxy> {
    const proxy = await super.start(target);
    stopAfterTest(() => proxy.stop());
    return proxy;
  }
}
