import { build } from 'esbuild';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ClientPackage } from '../support/client-package';
import { eventually } from '../support/eventually';
import { memberOf } from '../support/fake-channel';
import { FakeService } from '../support/fake-service';
import { DEMO, Rollcall } from '../support/rollcall';
import { stopAfterTest } from '../support/teardown';

const ROOT = join(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const CONSUMER = readFileSync(join(ROOT, 'test/support/client-consumer.ts'), 'utf8');

jest.setTimeout(180_000);

let client: ClientPackage;
beforeAll(async () => {
  client = await ClientPackage.install();
});
afterAll(() => client.remove());

/** Joins and sends over the socket, and asks over REST what that has changed. */
const program = (head: string): string => `${head}
const [url, userId, token, apiKey] = process.argv.slice(2);
async function main() {
  const client = connect(url, { userId, token });
  const { user } = await client.session;
  const { count } = await client.join('room');
  const { delivered } = await client.send('room', 'hello');
  const { body, cursor } = await rest(url, { apiKey }).post('/message/users', { body: { channel: 'room' } });
  const refused = await client.join('tab|x').catch((error) => error);
  const ours = refused instanceof RollcallError;
  client.close();
  console.log(JSON.stringify({ user: user.id, count, delivered, body, known: cursor !== undefined, ours, code: refused.code }));
}
main();
`;

/** README's example, in a file beside the installed package, followed until the test is over. */
async function example(url: string): Promise<{ readonly lines: () => string[] }> {
  const [, text = ''] = /```mjs\n([\s\S]*?)```/.exec(README) ?? [];
  expect(text.split('\n').length).toBeGreaterThan(5);
  const file = await client.write('who-is-here.mjs', text);
  const child = spawn(process.execPath, [file, DEMO.userId, DEMO.token], {
    env: { ...process.env, ROLLCALL_URL: url },
  });
  stopAfterTest(() => void child.kill());
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  return { lines: () => output.split('\n').filter((line) => line !== '') };
}

describe('The packed client', () => {
  it('holds what is built, its licence and its README, and nothing else', async () => {
    const built = ['index.cjs', 'index.d.cts', 'index.d.mts', 'index.mjs'].map((file) => join('dist', file));
    expect((await client.files()).sort()).toEqual(['LICENSE', 'README.md', 'dist', ...built, 'package.json'].sort());
    expect(readFileSync(join(ROOT, 'libs/client/LICENSE'), 'utf8')).toBe(readFileSync(join(ROOT, 'LICENSE'), 'utf8'));
  });

  it('needs the socket.io-client that it is tested with, and nothing else', () => {
    const [own, whole] = ['libs/client/package.json', 'package.json'].map(
      (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Record<string, Record<string, string>>,
    );
    expect(own?.dependencies).toEqual({ 'socket.io-client': whole?.devDependencies?.['socket.io-client'] });
    expect([own?.version, own?.license]).toEqual([whole?.version, whole?.license]);
  });

  it.each([
    ['import', 'one.mjs', "import { connect, rest, RollcallError } from '@rollcall/client';"],
    ['require', 'one.cjs', "const { connect, rest, RollcallError } = require('@rollcall/client');"],
  ])('works by %s', async (_how, file, head) => {
    const rollcall = await Rollcall.start();
    await client.write(file, program(head));
    const printed = await client.run(file, rollcall.url, DEMO.userId, DEMO.token, DEMO.apiKey);
    expect(JSON.parse(printed)).toEqual({
      user: DEMO.userId,
      count: 1,
      delivered: 0,
      body: { room: [{ id: DEMO.userId, email: 'demo@example.com' }] },
      known: true,
      ours: true,
      code: 'CHANNEL_RESERVED',
    });
  });

  it('goes into a browser: it needs nothing of Node.js', async () => {
    const entryPoints = [await client.write('page.js', "export * from '@rollcall/client';")];
    const bundled = await build({ entryPoints, bundle: true, platform: 'browser', write: false, logLevel: 'silent' });
    expect(bundled.warnings).toEqual([]);
    expect(bundled.outputFiles[0]?.text).toContain('watchPresence');
  });

  it.each([
    ['nodenext', 'nodenext', 'consumer.mts'],
    ['nodenext', 'nodenext', 'consumer.cts'],
    ['bundler', 'esnext', 'consumer.ts'],
  ])('has types under %s (%s, %s) that need nothing else', async (moduleResolution, module, file) => {
    await client.write(file, CONSUMER);
    await client.compile(file, { moduleResolution, module });
  });
});

describe('The types of the REST client', () => {
  it('are those of openapi.json', async () => {
    const [folder, generated] = [client.folder, 'libs/client/src/rest.generated.ts'];
    const written = join(folder, 'rest.generated.ts');
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    // What `npm run openapi:types` does, to another file.
    const command = (scripts['openapi:types'] ?? '').replace(generated, written);
    expect(command).toContain(written);
    await promisify(execFile)('npx', command.split(' '), { cwd: ROOT });
    expect(readFileSync(join(ROOT, generated), 'utf8')).toBe(readFileSync(written, 'utf8'));
  });
});

describe("README's example of the client", () => {
  it('shows live who is here, as the contract has it', async () => {
    const service = await FakeService.start();
    const { lines } = await example(service.url);
    await eventually(() => expect(lines()).toEqual([`here: ${DEMO.userId}`]), { within: 10_000 });
    service.channel('salesRoom').enter(memberOf('eve', 'Eve'));
    service.tick();
    await eventually(() => expect(lines().at(-1)).toBe(`here: ${DEMO.userId}, Eve`), { within: 10_000 });
    service.cut();
    service.channel('salesRoom').leave('eve');
    await eventually(() => expect(lines().at(-1)).toBe(`here: ${DEMO.userId}`), { within: 10_000 });
  });

  it('shows live who is here, in the service', async () => {
    const rollcall = await Rollcall.start();
    const { lines } = await example(rollcall.url);
    await eventually(() => expect(lines().at(-1)).toMatch(/^here: /), { within: 10_000 });
    expect(lines()).toHaveLength(1);
    const put = { headers: { authorization: `Bearer ${DEMO.apiKey}` }, body: { name: 'Eve' } };
    await rollcall.ask('PUT', '/v1/users/eve', put);
    const minted = await rollcall.native('POST', '/v1/users/eve/tokens');
    const eve = await rollcall.open({ userId: 'eve', token: (minted.json as { token: string }).token });
    await eve.join('salesRoom');
    await eventually(() => expect(lines().at(-1)).toMatch(/^here: .+, Eve$/), { within: 10_000 });
    eve.close();
    await eventually(() => expect(lines().at(-1)).not.toContain('Eve'), { within: 10_000 });
  });
});
