import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually';
import { freePorts } from '../support/free-ports';
import { describeWithRedis } from '../support/redis-server';
import { redisForTest } from '../support/redis-shop';
import { stopAfterTest } from '../support/teardown';

const ROOT = join(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

jest.setTimeout(120_000);

/** The lines of a section that are to be copied into terminals. */
function linesOf(title: string): string[] {
  const section = README.split('\n## ').find((one) => one.startsWith(title)) ?? '';
  return [...section.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, line = '']) => line.trim());
}

const run = (line: string): Promise<string> =>
  promisify(execFile)('bash', ['-c', `${line} --silent --fail`], { cwd: ROOT }).then(({ stdout }) => stdout);

/** A line that goes on until the test is over. The build is there already, and two at once would be in each other's way. */
function launch(line: string): { output: string } {
  const command = line.replace('npm start', 'exec node dist/src/main.js').replace(' node apps', ' exec node apps');
  const child = spawn('bash', ['-c', command], { cwd: ROOT, env: { ...process.env, LOG_LEVEL: 'info' } });
  const seen = { output: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (seen.output += String(chunk)));
  stopAfterTest(() => void child.kill('SIGKILL'));
  return seen;
}

/** Copies the lines, with Redis servers and ports of the test's own in place of README's; gives what the questions answer. */
async function follow(title: string): Promise<string[]> {
  const [one, two] = [await redisForTest(), await redisForTest()];
  const [first, second] = await freePorts(2);
  const lines = linesOf(title).map((line) =>
    line
      .replaceAll(':6379', `:${one.port}`)
      .replaceAll(':6380', `:${two.port}`)
      .replaceAll('3001', String(first))
      .replaceAll('3002', String(second)),
  );
  for (const line of lines.filter((each) => each.endsWith('npm start'))) {
    const pod = launch(line);
    await eventually(() => expect(pod.output).toContain('listens on'), { within: 30_000 });
  }
  for (const line of lines.filter((each) => each.includes('node apps/'))) {
    const tab = launch(line);
    await eventually(() => expect(tab.output).toContain('joined'), { within: 10_000 });
  }
  const answers: string[] = [];
  for (const line of lines.filter((each) => each.startsWith('curl'))) {
    if (line.includes('allusers')) await run(line);
    answers.push(await run(line));
  }
  return answers;
}

describeWithRedis('README can be followed by copying its lines', () => {
  it('with two pods', async () => {
    const [users = '', pods = ''] = await follow('Two pods, one Redis');
    expect(JSON.parse(users)).toMatchObject({ anonymous: 1, anonymousChat: 1 });
    expect(JSON.parse(pods)).toMatchObject({ pods: [{}, {}] });
  });

  it('with two data centres', async () => {
    const [totals = '', spread = ''] = await follow('Several data centres');
    const [shown = ''] = /^X-Rollcall-Dc: [\s\S]*?\}\n/m.exec(README) ?? [];
    const [states = '', , body = ''] = shown.split('\n');
    expect(totals.toLowerCase()).toContain(states.toLowerCase());
    expect(totals).toContain(body);
    expect(JSON.parse(spread)).toMatchObject({
      datacenters: [{ state: 'live' }, { state: 'live', anonymous: 1 }],
      total: { authenticated: 0, anonymous: 1, distinctUsers: 0 },
    });
  });
});
