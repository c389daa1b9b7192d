import { until } from './patience';
import { type Exit, exitText, Program } from './program';
import { redisCommand } from './redis-command';

export const REDIS_SERVER = process.env.REDIS_SERVER ?? 'redis-server';

const WHENCE = 'To install one: apt-get install redis-server; REDIS_SERVER says where another one is.';

const READY_WITHIN_MS = 15_000;

/** On this machine alone, and with nothing on disk. */
export const redisSettings = (port: number, folder: string): string[] =>
  ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'].concat([
    '--loglevel',
    'warning',
  ]);

/** A Redis server that may be stopped, started again on its port, and frozen. */
export class RedisProcess {
  private readonly program: Program;

  /** `answers`: whether it is there, for a server that does not talk to just anybody. */
  constructor(
    readonly port: number,
    private readonly args: readonly string[],
    private readonly answers: () => Promise<unknown> = () => redisCommand(port, 'PING'),
  ) {
    this.program = new Program({ command: REDIS_SERVER, args, environment: process.env });
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get running(): boolean {
    return this.program.running;
  }

  /** Resolves when it answers; after a stop it comes back empty. */
  async start(): Promise<void> {
    this.program.launch();
    try {
      await until(`The start of ${REDIS_SERVER}`, READY_WITHIN_MS, async () => {
        const { end, output } = this.program;
        if (end?.failure !== undefined)
          throw new Error(`${REDIS_SERVER} cannot be started: ${end.failure.message}. ${WHENCE}`);
        if (end !== undefined) {
          throw new Error(`${REDIS_SERVER} ended with ${exitText(end)}: ${this.args.join(' ')}\n${output}`.trimEnd());
        }
        return this.answers().then(
          () => true,
          () => false,
        );
      });
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stop(): Promise<Exit> {
    return this.program.stop();
  }

  kill(signal: NodeJS.Signals): void {
    this.program.signal(signal);
  }

  /** It stands still: its connections stay open, and nobody answers. */
  freeze(): void {
    this.kill('SIGSTOP');
  }

  thaw(): void {
    this.kill('SIGCONT');
  }

  /** It forgets everything. */
  async flush(): Promise<void> {
    const answer = await redisCommand(this.port, 'FLUSHALL');
    if (!answer.startsWith('+OK')) throw new Error(`Redis on port ${this.port} refused to forget: ${answer.trim()}`);
  }
}
