import { eventually } from '../support/eventually';
import { JwksServer } from '../support/jwks-server';
import { Rollcall } from '../support/rollcall';
import { shop, type WrittenApp } from '../support/shop';
import { signed, type SigningKey, signingKey } from '../support/signing-keys';

const HERE = 'localhost';
const THERE = 'other.example.com';
const ISSUER = 'https://login.example.com';

const byUrl = (jwksUrl: string, more: Partial<WrittenApp> = {}): WrittenApp =>
  shop({ jwt: { algorithms: ['ES256'], jwksUrl, issuer: ISSUER, audience: 'rollcall' }, ...more });

const tokenOf = (key: SigningKey, claims: object = {}): Promise<string> =>
  signed(key, { iss: ISSUER, aud: 'rollcall', ...claims }, { kid: key.jwk.kid });

/** The status over REST, and who the socket is, or the code that it is refused with. */
async function doors(rollcall: Rollcall, token: string, host = HERE): Promise<[number, string | undefined]> {
  const headers = { 'x-auth-token': token, 'x-user-id': 'ada' };
  const { status } = await rollcall.presence('', { host, headers });
  const opened = rollcall.open({ token, host }).then(
    ({ session }) => session.user?.id,
    ({ code }: { code: string }) => code,
  );
  return [status, await opened];
}

const LET_IN = [200, 'ada'];
const REFUSED = [401, 'NOT_AUTHENTICATED'];

describe('tokens of a login with a JWKS', () => {
  let key: SigningKey;

  beforeAll(async () => {
    key = await signingKey('ES256', { kid: 'same' });
  });

  it('let their users in, and those of another issuer, audience or key do not', async () => {
    const server = await JwksServer.start(key);
    const rollcall = await Rollcall.start([byUrl(server.url)]);
    expect(await doors(rollcall, await tokenOf(key))).toEqual(LET_IN);
    const wrong = [
      await tokenOf(key, { iss: 'https://login.example.com.evil.com' }),
      await tokenOf(key, { aud: 'another' }),
      await tokenOf(await signingKey('ES256', { kid: 'same' })),
      await tokenOf(await signingKey('ES256', { kid: 'unknown' })),
    ];
    for (const token of wrong) expect(await doors(rollcall, token)).toEqual(REFUSED);
    expect(server.asked).toEqual(['/jwks.json']);
  });

  it('are worth nothing on another app, though that one has a key by the same name and the same issuer', async () => {
    const theirs = await signingKey('ES256', { kid: 'same' });
    const [here, there] = [await JwksServer.start(key), await JwksServer.start(theirs)];
    const rollcall = await Rollcall.start([byUrl(here.url), byUrl(there.url, { id: 'other', hosts: [THERE] })]);
    const [mine, others] = [await tokenOf(key), await tokenOf(theirs)];
    for (let round = 0; round < 2; round += 1) {
      expect([await doors(rollcall, mine, HERE), await doors(rollcall, others, THERE)]).toEqual([LET_IN, LET_IN]);
      expect([await doors(rollcall, others, HERE), await doors(rollcall, mine, THERE)]).toEqual([REFUSED, REFUSED]);
    }
  });

  it('wait for the login to come back where there are no keys yet, and opaque ones do not', async () => {
    const server = await JwksServer.start(key);
    const { url } = server;
    await server.stop();
    const rollcall = await Rollcall.start([byUrl(url)]);
    const token = await tokenOf(key);
    expect(await doors(rollcall, token)).toEqual([503, 'UNAVAILABLE']);
    const tab = await rollcall.open({ token: 'token-of-ada', userId: 'ada' });
    expect(await tab.ask('auth:refresh', { token })).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
    expect(await tab.join('room')).toMatchObject({ ok: true });
  });

  it('make the service ask nobody but the configured address, whatever they say', async () => {
    const [server, evil] = [
      await JwksServer.start(key),
      await JwksServer.start(await signingKey('ES256', { kid: 'evil' })),
    ];
    const rollcall = await Rollcall.start([byUrl(server.url)]);
    const { jwk } = await signingKey('ES256');
    for (const header of [{ jku: evil.url }, { x5u: evil.url }, { jwk }, { kid: evil.url }]) {
      const token = await signed(key, { iss: evil.url, aud: evil.url }, { kid: 'evil', ...header });
      expect(await doors(rollcall, token)).toEqual(REFUSED);
    }
    await eventually(() => expect(server.asked.length).toBeGreaterThan(0));
    expect(evil.asked).toEqual([]);
  });
});
