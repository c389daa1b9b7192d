import { DEMO, Rollcall } from '../support/rollcall';

const PATH = '/socket.io/?EIO=4&transport=polling';
const PORTAL = 'https://portal.example.com';
const APP = { id: 'shop', hosts: ['localhost'], apiKeys: [DEMO.apiKey], anonymous: true };

describe('Polling from a page of another origin', () => {
  it('works, messages and acknowledgements included', async () => {
    const rollcall = await Rollcall.start([{ ...APP, origins: [PORTAL] }]);
    const options = { transports: ['polling' as const], origin: PORTAL };
    const [first, second] = [await rollcall.open(options), await rollcall.open(options)];
    for (const tab of [first, second]) expect(await tab.join('room')).toMatchObject({ ok: true });

    const arriving = new Promise((resolve) => second.socket.once('message', resolve));
    expect(await first.ask('message:send', { channel: 'room', message: 'hi' })).toEqual({ ok: true, delivered: 1 });

    expect(await arriving).toEqual({ channel: 'room', message: 'hi', from: { connectionId: first.id } });
    expect(first.socket.io.engine.transport.name).toBe('polling');
  });

  it('is allowed by the headers of every reply, for the origins of the app and for its own', async () => {
    const rollcall = await Rollcall.start([{ ...APP, origins: [PORTAL] }]);
    const opened = await rollcall.ask('GET', PATH, { headers: { origin: PORTAL } });
    const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };

    const sent = await rollcall.ask('POST', `${PATH}&sid=${sid}`, {
      headers: { origin: PORTAL, 'content-type': 'text/plain;charset=UTF-8' },
      body: '40',
    });
    const polled = await rollcall.ask('GET', `${PATH}&sid=${sid}`, { headers: { origin: PORTAL } });

    for (const { status, headers } of [opened, sent, polled]) {
      expect(status).toBe(200);
      expect(headers['access-control-allow-origin']).toBe(PORTAL);
      expect(headers.vary).toMatch(/origin/i);
      // No cookies are used, so none may be asked for.
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
      expect(headers).not.toHaveProperty('set-cookie');
    }
    for (const origin of ['https://evil.example', 'null', 'http://portal.example.com']) {
      const { headers } = await rollcall.ask('GET', PATH, { headers: { origin } });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('is allowed to any origin where the app has no list, and to none on a host that nobody owns', async () => {
    const rollcall = await Rollcall.start([APP]);
    const allowed = async (host: string): Promise<unknown> =>
      (await rollcall.ask('GET', PATH, { host, headers: { origin: 'https://anywhere.example' } })).headers[
        'access-control-allow-origin'
      ];

    expect(await allowed('localhost')).toBe('*');
    expect(await allowed('nobody.example')).toBeUndefined();
  });

  it('gets its question beforehand answered', async () => {
    const rollcall = await Rollcall.start([{ ...APP, origins: [PORTAL] }]);
    const preflight = (origin: string) =>
      rollcall.ask('OPTIONS', PATH, {
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,x-auth-token,x-user-id',
        },
      });

    const { status, headers, text } = await preflight(PORTAL);

    expect(status).toBe(204);
    expect(text).toBe('');
    expect(headers['access-control-allow-origin']).toBe(PORTAL);
    expect(headers['access-control-allow-methods']).toMatch(/POST/);
    expect(headers['access-control-allow-headers']).toMatch(/x-auth-token/i);
    expect(headers['access-control-allow-headers']).toMatch(/x-user-id/i);
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is refused politely when it is no polling at all', async () => {
    const rollcall = await Rollcall.start([APP]);
    const statuses: number[] = [];
    for (const query of [
      '?EIO=3&transport=polling',
      '?EIO=4&transport=pigeon',
      '?EIO=4&transport=polling&sid=no',
      '',
    ]) {
      statuses.push((await rollcall.ask('GET', `/socket.io/${query}`)).status);
    }
    const headers = { 'content-type': 'text/plain;charset=UTF-8' };
    const opened = await rollcall.ask('GET', PATH);
    const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };
    const huge = await rollcall.ask('POST', `${PATH}&sid=${sid}`, { headers, body: `4${'x'.repeat(300_000)}` });

    expect(statuses).toEqual([400, 400, 400, 400]);
    expect(huge.status).toBe(413);
    expect((await rollcall.message('users')).json).toEqual({});
    expect((await rollcall.open({ transports: ['polling'] })).socket.connected).toBe(true);
  });

  it('is answered as it is: what is compressed for who does not read would be counted by nobody', async () => {
    const rollcall = await Rollcall.start([APP]);
    const { sid } = JSON.parse((await rollcall.ask('GET', PATH)).text.slice(1)) as { sid: string };
    const namespace = `/${'x'.repeat(250)}`;
    const body = Array.from({ length: 8 }, () => `40${namespace},`).join('\u001e');
    await rollcall.ask('POST', `${PATH}&sid=${sid}`, { body });
    const polled = await rollcall.ask('GET', `${PATH}&sid=${sid}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(polled.text).toContain(namespace);
    expect(polled.headers['content-encoding']).toBeUndefined();
    expect(polled.headers['content-length']).toBe(String(polled.text.length));
  });
});
