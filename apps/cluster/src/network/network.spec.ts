import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { Network } from './network';

const NAMES = ['here', 'there', 'yonder'];

/** Whether a link lets somebody through who says something. */
function lets(port: number): Promise<'through' | 'nobody' | 'silence'> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (answer: 'through' | 'nobody' | 'silence') => (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(tell('silence'), 300);
    socket.on('error', () => undefined);
    socket.on('close', tell('nobody'));
    socket.on('data', tell('through'));
    socket.write('hello');
  });
}

describe('The network between data centres', () => {
  let servers: Server[];
  let network: Network;

  beforeEach(async () => {
    servers = NAMES.map(() => createServer((socket) => socket.on('error', () => undefined).pipe(socket)));
    await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
    const ports = servers.map((server) => (server.address() as AddressInfo).port);
    network = await Network.start(new Map(NAMES.map((name, n) => [name, ports[n] ?? 0])), false);
  });

  afterEach(async () => {
    await network.stop();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  });

  const ways = async (): Promise<Record<string, string>> => {
    const pairs = NAMES.flatMap((from) => NAMES.flatMap((to) => (from === to ? [] : [[from, to] as const])));
    const seen = pairs.map(async ([from, to]) => [`${from} ${to}`, await lets(network.link(from, to).port)] as const);
    return Object.fromEntries(await Promise.all(seen));
  };

  it('has a link for each directed pair, and to nobody else', async () => {
    expect(new Set(Object.values(await ways()))).toEqual(new Set(['through']));
    expect(() => network.link('here', 'here')).toThrow('There is no link from here to here.');
  });

  it('cuts all that leads from and to one of them, and leaves the rest', async () => {
    network.change('here', { cut: true });
    expect(await ways()).toEqual({
      'here there': 'nobody',
      'here yonder': 'nobody',
      'there here': 'nobody',
      'yonder here': 'nobody',
      'there yonder': 'through',
      'yonder there': 'through',
    });
  });

  it('leaves to one what was done to it when another is healed', async () => {
    network.change('here', { cut: true });
    network.change('there', { stalled: true, delayMs: 5 });
    network.heal('here');
    expect(await ways()).toMatchObject({
      'here there': 'silence',
      'there here': 'silence',
      'here yonder': 'through',
      'there yonder': 'silence',
    });
    expect([network.conditionOf('here'), network.conditionOf('there')]).toEqual([
      { cut: false, stalled: false, delayMs: 0 },
      { cut: false, stalled: true, delayMs: 5 },
    ]);
    network.heal('there');
    expect(new Set(Object.values(await ways()))).toEqual(new Set(['through']));
  });
});
