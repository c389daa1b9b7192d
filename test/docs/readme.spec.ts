import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ERRORS } from '@rollcall/contract';
import { readConfig } from '../../src/config/config';
import { appsFile, Rollcall } from '../support/rollcall';
import { eventually } from '../support/eventually';
import { stopAfterTest } from '../support/teardown';

const ROOT = join(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The code blocks of a language, in their order. */
const blocks = (language: string): string[] =>
  [...README.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');

/** The cells of all tables, without their backticks. */
const tableRows = (): string[][] =>
  README.split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );

const shell = (command: string): Promise<{ stdout: string }> =>
  promisify(execFile)('bash', ['-c', command], { cwd: ROOT });

/** Runs a line of README against a service that is not on README's port; gives what it has printed so far. */
function follow(command: string, url: string): { readonly output: string } {
  const [program = '', ...args] = command.trim().split(' ');
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ROLLCALL_URL: url } });
  const seen = { output: '' };
  child.stdout.on('data', (chunk: Buffer) => (seen.output += chunk.toString()));
  stopAfterTest(() => void child.kill());
  return seen;
}

describe('README', () => {
  it('shows the client that is in the repository', () => {
    expect(blocks('js')).toEqual([readFileSync(join(ROOT, 'apps/tab/tab.mjs'), 'utf8')]);
  });

  it('can be followed from top to bottom', async () => {
    const rollcall = await Rollcall.start();
    const lines = blocks('sh').map((line) => line.replaceAll('http://localhost:3000', rollcall.url));
    const clients = lines.filter((line) => line.startsWith('node apps/')).map((line) => follow(line, rollcall.url));
    expect(clients).toHaveLength(2);
    await eventually(
      () => {
        for (const client of clients) expect(client.output).toContain('joined');
      },
      { within: 10_000 },
    );

    const answers: unknown[] = [];
    for (const line of lines.filter((one) => one.startsWith('curl'))) {
      answers.push(JSON.parse((await shell(`${line.trim()} --silent --fail`)).stdout));
    }

    const user = { id: 'aobEdbYhXfu5hkeqG', email: 'demo@example.com' };
    expect(answers).toEqual([
      expect.objectContaining({ authenticated: [user], salesRoom: [user], anonymous: 1, anonymousChat: 1 }),
      { local: { authenticated: 1, anonymous: 1 }, _total: { authenticated: 1, anonymous: 1 } },
      expect.objectContaining({ full: true, success: true }),
      expect.objectContaining({ ...user, status: 'online' }),
      { channels: ['salesRoom'], message: { model: { greeting: 'Hello' } } },
    ]);
    await eventually(() => expect(clients[0]?.output).toContain("greeting: 'Hello'"));
  });

  it('has an apps file that is accepted', () => {
    const file = blocks('json').find((block) => block.includes('"apps"'));
    expect(() => readConfig({ APPS_FILE: appsFile(file) })).not.toThrow();
  });

  it('lists every error code with its status', () => {
    const rows = tableRows().filter(([code = '', status = '']) => code in ERRORS && /^\d{3}$/.test(status));
    expect(rows.map(([code, status]) => [code, Number(status)])).toEqual(
      Object.entries(ERRORS).map(([code, { status }]) => [code, status]),
    );
  });

  it('lists every variable that the configuration reads', () => {
    const source = readFileSync(join(ROOT, 'src/config/environment.ts'), 'utf8');
    const read = new Set([...source.matchAll(/(?:text|whole)\('([A-Z_]+)'/g)].map(([, name]) => name));
    expect(read.size).toBeGreaterThan(5);
    const listed = tableRows().map(([name]) => name);
    for (const name of read) expect(listed).toContain(name);
  });
});

describe.each(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md'])('%s', (file) => {
  it('links to files that exist', () => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect([target, existsSync(join(ROOT, dirname(file), target))]).toEqual([target, true]);
    }
  });
});
