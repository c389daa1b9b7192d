import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { stopAfterTest } from '../support/teardown';

jest.setTimeout(180_000);

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'dist/apps/cluster/src/main.js');

/** The program as `npm run cluster` starts it, without a terminal. */
class Program {
  output = '';
  readonly end: Promise<number | string>;

  private constructor(
    private readonly child: ChildProcess,
    /** Where it may put what it needs for a while. */
    readonly temporary: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.output += String(chunk)));
    this.end = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? -1)));
  }

  static start(...options: string[]): Program {
    const temporary = mkdtempSync(join(tmpdir(), 'rollcall-'));
    stopAfterTest(() => rmSync(temporary, { recursive: true }));
    const env = { ...process.env, TMPDIR: temporary };
    const program = new Program(spawn(process.execPath, [MAIN, ...options], { cwd: ROOT, env }), temporary);
    stopAfterTest(async () => {
      // It ends its children when it is told to, and so would leave them behind if it were killed.
      program.signal('SIGTERM');
      await program.end;
    });
    return program;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** The input ends here. */
  hangUp(): void {
    this.child.stdin?.end();
  }

  says(what: RegExp | string, within = 60_000): Promise<void> {
    return eventually(() => expect(this.output).toMatch(what), { within });
  }

  /** The ids of the processes that it has started and that there are. */
  get children(): number[] {
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      try {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        return Number(parent) === this.child.pid ? [Number(name)] : [];
      } catch (error) {
        // It has ended since it was listed.
        expect((error as NodeJS.ErrnoException).code).toMatch(/ENOENT|ESRCH/);
        return [];
      }
    });
  }
}

describeWithRedis('npm run cluster', () => {
  beforeAll(() => {
    if (!existsSync(MAIN)) execFileSync('npx', ['nest', 'build', 'cluster'], { cwd: ROOT });
  });

  /** It has ended, and so has everything that it has started. */
  async function expectNothingLeft(program: Program, children: readonly number[]): Promise<void> {
    expect(await program.end).toBe(0);
    for (const pid of children) expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(readdirSync(program.temporary)).toEqual([]);
  }

  it('shows who is where in two data centres, breaks them as it is told to, and leaves nothing behind', async () => {
    const program = Program.start('--dcs', '2', '--pods', '1');
    await program.says(/us-east-1\/1 http:\/\/localhost:\d+/);
    await program.says(/eu-west-1\/1 http:\/\/localhost:\d+/);
    await program.says(/^us-east-1\/1 sees us-east-1: (ada ben|ben ada) \+1 anonymous \|/m);
    await program.says(/^eu-west-1\/1 sees .*eu-west-1: (cyd dee|dee cyd) \+1 anonymous \|/m);
    expect(program.children).toHaveLength(4);

    program.type('kill us-east-1/1');
    await program.says('us-east-1/1 is dead.');
    await program.says('us-east-1: no pod lives');
    expect(program.children).toHaveLength(3);
    program.type('cut moon');
    await program.says('There is no data centre "moon", but us-east-1, eu-west-1.');
    program.type('cut eu-west-1');
    await program.says('eu-west-1 is cut off');
    program.type('slow eu-west-1 20ms');
    await program.says('eu-west-1 is 20 ms away');
    program.type('heal eu-west-1');
    await program.says('eu-west-1 is healed.');
    program.type('flush eu-west-1');
    await program.says('The Redis of eu-west-1 is empty.');
    const sofar = program.output.length;
    program.type('start us-east-1/1');
    await program.says(/us-east-1\/1 is back on http:\/\/localhost:\d+/);
    await eventually(() => expect(program.output.slice(sofar)).toMatch(/us-east-1\/1 sees us-east-1: .*ada/), {
      within: 20_000,
    });

    const children = program.children;
    expect(children).toHaveLength(4);
    program.type('quit');
    await expectNothingLeft(program, children);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('goes on when its input ends, and ends at %s', async (signal) => {
    const program = Program.start('--dcs', '1', '--pods', '1');
    program.hangUp();
    await program.says(/us-east-1\/1 sees us-east-1: .*ada/);

    const children = program.children;
    expect(children).toHaveLength(2);
    program.signal(signal);
    await expectNothingLeft(program, children);
  });

  it('leaves nothing behind when it is ended while it starts', async () => {
    const program = Program.start('--dcs', '2', '--pods', '2');
    await eventually(() => expect(program.children.length).toBeGreaterThanOrEqual(3), { within: 20_000 });

    const children = program.children;
    program.signal('SIGTERM');
    expect(await program.end).toBe(0);
    await eventually(() => expect(children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]));
    expect(readdirSync(program.temporary)).toEqual([]);
  });

  it.each([
    [['--dcs', '10'], /^--dcs is "10", but must be a whole number from 1 to 9\.\n/],
    [['--apps', '/nowhere.json'], /The apps file \/nowhere\.json cannot be read: ENOENT/],
  ])('refuses %j with the reason', async (options, reason) => {
    const program = Program.start(...options);
    expect(await program.end).toBe(1);
    expect(program.output).toMatch(reason);
  });
});
