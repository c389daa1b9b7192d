import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually';
import { appsFile } from '../support/rollcall';
import { stopAfterTest } from '../support/teardown';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'dist/src/main.js');
const run = promisify(execFile);

interface Pod {
  readonly process: ChildProcess;
  stdout: string;
  stderr: string;
  readonly exit: Promise<number | null>;
}

function start(environment: Record<string, string>): Pod {
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env.PATH, ...environment }, cwd: ROOT });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const pod: Pod = { process: child, stdout: '', stderr: '', exit };
  child.stdout.on('data', (text: Buffer) => (pod.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (pod.stderr += text.toString()));
  stopAfterTest(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return pod;
}

beforeAll(() => {
  if (!existsSync(MAIN)) execFileSync('npm', ['run', 'build', '--silent'], { cwd: ROOT });
}, 120_000);

describe('node dist/src/main.js', () => {
  it.each<[Record<string, string>, RegExp]>([
    [{ PORT: 'http' }, /^Rollcall cannot start\. PORT is "http", but must be a whole number from 0 to 65535\.\n$/],
    [{ REDIS_URL: 'http://user:hunter2@localhost' }, /^Rollcall cannot start\. REDIS_URL must be .*\n$/],
    [{ NODE_ENV: 'production' }, /^Rollcall cannot start\. APPS_FILE is not set, but must .*\n$/],
    [
      { APPS_FILE: '/nowhere.json' },
      /^Rollcall cannot start\. APPS_FILE is "\/nowhere\.json", but .* read: ENOENT.*\n$/,
    ],
  ])('with %j ends with one message on stderr and nothing else', async (environment, message) => {
    const pod = start(environment);

    expect(await pod.exit).toBe(1);
    expect(pod.stderr).toMatch(message);
    expect(pod.stdout).toBe('');
    expect(pod.stderr).not.toContain('hunter2');
  });

  it('tells every fault of an apps file, a line each', async () => {
    const pod = start({ APPS_FILE: appsFile({ apps: [{ id: '', hosts: ['A'], apiKeys: [] }] }) });

    expect(await pod.exit).toBe(1);
    expect(pod.stderr).toMatch(
      /cannot be used:\n {2}apps\[0\]\.id: must not be empty\n {2}apps\[0\]\.hosts\[0\]: .*\n$/,
    );
    expect(pod.stdout).toBe('');
  });

  it('ends when its port is taken, and says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    stopAfterTest(() => void other.close());
    await eventually(() => expect(other.listening).toBe(true));
    const { port } = other.address() as { port: number };
    const pod = start({ PORT: String(port) });

    expect(await pod.exit).toBe(1);
    expect(pod.stderr).toBe(
      `Rollcall cannot start. PORT is ${port}, but that port of 127.0.0.1 is taken: somebody else listens there (EADDRINUSE).\n`,
    );
    expect(pod.stdout).toBe('');
  });

  it.each([
    ['192.0.2.1', /^Rollcall cannot start\. BIND is "192\.0\.2\.1", but that is no address of this machine \(.*\n$/],
    ['nowhere.invalid', /^Rollcall cannot start\. BIND is "nowhere\.invalid", but .* found for that name \(.*\n$/],
  ])('ends when it cannot listen on %s, and says so once', async (bind, message) => {
    const pod = start({ PORT: '0', BIND: bind });

    expect(await pod.exit).toBe(1);
    expect(pod.stderr).toMatch(message);
    expect(pod.stdout).toBe('');
  });

  it('with nothing set prints a line to paste for each face, and each of them works', async () => {
    const pod = start({ PORT: '0' });
    await eventually(() => expect(pod.stdout).toContain('/docs\n'), { within: 10_000 });
    const lines = pod.stdout.split('\n').filter((line) => line.trim().startsWith('curl '));

    expect(lines.map((line) => /localhost:\d+(\/[\w.]+(?:\/[\w.]+)*)$/.exec(line)?.[1])).toEqual([
      '/message/users',
      '/message/allusers',
      '/api/v1/users.presence',
      '/v1/users/aobEdbYhXfu5hkeqG',
    ]);
    const answers = lines.map(
      async (line) => JSON.parse((await run('sh', ['-c', `${line} --silent --fail`])).stdout) as unknown,
    );
    expect(await Promise.all(answers)).toMatchObject([
      {},
      { local: { authenticated: 0, anonymous: 0 }, _total: {} },
      { users: [{ _id: 'rocket.cat' }], full: true, success: true },
      { id: 'aobEdbYhXfu5hkeqG', status: 'offline' },
    ]);
    expect(pod.stderr).toBe('');
    // The log and the plain text come by two streams, so either may be first.
    await eventually(() => {
      const log = pod.stdout.split('\n').find((line) => line.startsWith('{')) ?? '{}';
      const msg = expect.stringMatching(/^Rollcall .* listens on 127\.0\.0\.1:[1-9]\d*\. /) as unknown;
      expect(JSON.parse(log)).toMatchObject({ msg });
    });
  });

  it('goes within two seconds when it is told to', async () => {
    const pod = start({ PORT: '0' });
    await eventually(() => expect(pod.stdout).toContain('/docs\n'), { within: 10_000 });
    const told = performance.now();
    pod.process.kill('SIGTERM');

    expect(await pod.exit).toBe(0);
    expect(performance.now() - told).toBeLessThan(2000);
  });

  it('prints no lines to paste for apps of its own', async () => {
    const pod = start({
      PORT: '0',
      BIND: '127.0.0.1',
      APPS_FILE: appsFile({ apps: [{ id: 'x', hosts: ['*'], apiKeys: ['key-of-x'] }] }),
    });
    await eventually(() => expect(pod.stdout).toContain('Apps: x (*).'), { within: 10_000 });

    expect(pod.stdout).not.toMatch(/curl|key-of-x|BFAPI/);
  });
});
