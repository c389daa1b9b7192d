import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { ChildPod } from '../support/child-pod';
import { eventually } from '../support/eventually';
import { holdWrites } from '../support/held-writes';
import { DEMO, Rollcall } from '../support/rollcall';
import { Tab } from '../support/tab';
import { stopAfterTest } from '../support/teardown';
import { Wire } from '../support/wire';

/** What a tab hears when its pod goes away. */
function farewell(tab: Tab): { notices: { reconnectInMs: number }[]; reason: Promise<string> } {
  const reason = new Promise<string>((resolve) => tab.socket.once('disconnect', resolve));
  return { notices: tab.collect('draining'), reason };
}

/** Asks once over a connection that stays open for more. */
function keepAlive(port: number): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  stopAfterTest(() => agent.destroy());
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/health/live', agent }, (incoming) => {
      incoming.resume().on('end', resolve);
    }).on('error', reject);
  });
}

/** Connects and says nothing, as browsers do to save time later. */
function silent(port: number): Promise<void> {
  const connection = connect(port, '127.0.0.1');
  stopAfterTest(() => void connection.destroy());
  connection.on('error', () => undefined);
  return new Promise((resolve) => connection.once('connect', resolve));
}

describe('A pod that goes away', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('at %s says so, lets its tabs reconnect, and ends', async (signal) => {
    const pod = await ChildPod.start();
    const tabs = [
      await Tab.open(pod.url),
      await Tab.open(pod.url, DEMO),
      await Tab.open(pod.url, { transports: ['polling'] }),
    ];
    await keepAlive(pod.port);
    const farewells = tabs.map(farewell);

    const exit = await pod.end(signal);

    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exit.afterMs).toBeLessThan(2000);
    for (const { notices, reason } of farewells) {
      // With any other reason, `io server disconnect` above all, clients would not come back by themselves.
      expect(['transport close', 'transport error']).toContain(await reason);
      expect(notices).toHaveLength(1);
      expect(Number.isInteger(notices[0]?.reconnectInMs)).toBe(true);
      expect(notices[0]?.reconnectInMs).toBeGreaterThanOrEqual(0);
      expect(notices[0]?.reconnectInMs).toBeLessThanOrEqual(500);
    }
  });

  it('waits for nobody who stands still or says nothing', async () => {
    const pod = await ChildPod.start();
    const tab = await Tab.open(pod.url, DEMO);
    new Wire(tab).freeze();
    await silent(pod.port);

    const exit = await pod.end('SIGTERM');

    expect(exit).toMatchObject({ code: 0 });
    expect(exit.afterMs).toBeLessThan(2000);
  });

  it('is followed by its tabs: they come back by themselves to the one that takes its place', async () => {
    const pod = await ChildPod.start();
    const client = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100 };
    const tab = await Tab.open(pod.url, { ...DEMO, client });
    const sessions = tab.collect('session');

    await pod.end('SIGTERM');
    await ChildPod.start({ at: pod.port });

    await eventually(() => expect(sessions).toHaveLength(1), { within: 5000 });
    expect(sessions[0]?.pod).not.toBe(tab.session.pod);
  });

  it('waits until a tab between two polls has fetched the notice', async () => {
    const rollcall = await Rollcall.start();
    const path = '/socket.io/?EIO=4&transport=polling';
    const opened = await rollcall.ask('GET', path);
    const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };
    const poll = async (): Promise<string> => (await rollcall.ask('GET', `${path}&sid=${sid}`)).text;
    await rollcall.ask('POST', `${path}&sid=${sid}`, { headers: { 'content-type': 'text/plain' }, body: '40' });
    let heard = '';
    while (!heard.includes('"session"')) heard += await poll();

    const stopped = rollcall.stop();

    expect(await poll()).toMatch(/^42\["draining",\{"reconnectInMs":\d+\}\]/);
    await stopped;
  });

  it('refuses what would not be kept, rather than acknowledge it', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    await tab.join('lobby');
    const letGo = holdWrites(rollcall);
    const events: [event: string, payload: object][] = [
      ['channel:join', { channel: 'room' }],
      ['channel:leave', { channel: 'lobby' }],
      ['message:send', { channel: 'lobby', message: 1 }],
      ['presence:set', { status: 'busy' }],
      ['presence:idle', { idle: true }],
    ];

    const drained = new Promise((resolve) => tab.socket.once('draining', resolve));
    const stopped = rollcall.stop();
    await drained;
    const answers = await Promise.all(events.map(([event, payload]) => tab.ask(event, payload)));
    letGo();
    await stopped;

    expect(answers.map(({ error }) => (error as { code: string }).code)).toEqual(events.map(() => 'UNAVAILABLE'));
  });

  it('takes nobody new in, and answers until it is gone', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const letGo = holdWrites(rollcall);

    const drained = new Promise((resolve) => tab.socket.once('draining', resolve));
    const stopped = rollcall.stop();
    await drained;
    const refused = await rollcall.open().catch((error: unknown) => error);
    const ready = await rollcall.ask('GET', '/health/ready');
    letGo();
    await stopped;

    expect(refused).toMatchObject({ code: 'UNAVAILABLE' });
    expect(ready.status).toBe(503);
  });
});
