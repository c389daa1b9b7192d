/* Asks for large answers in a closed loop: each caller asks again when it has the whole answer. */
import { connect, type Socket } from 'node:net';
import { AnswerReader, type RawAnswer } from './answer-reader';
import { type Asking, type Load, type Question, requestText } from './question';

/** Judges a body, by when it was asked for too; `false` counts the answer as failed. */
export type Check = (status: number, body: Buffer, askedAtMs: number) => boolean;

/** P1 gives an answer up after 5 s; a caller that has none after this long will get none. */
const SILENCE_MS = 15_000;

export function loadLarge(question: Question, asking: Asking, check?: Check): Promise<Load> {
  return new LargeLoad(question, asking, check).run();
}

class LargeLoad {
  private readonly latenciesMs: number[] = [];
  private answers = 0;
  private failed = 0;
  private answerBytes = 0;
  private asked = 0;
  private readonly beganAt = performance.now();

  constructor(
    private readonly question: Question,
    private readonly asking: Asking,
    private readonly check: Check | undefined,
  ) {}

  async run(): Promise<Load> {
    await Promise.all(Array.from({ length: this.asking.callers }, () => this.caller()));
    const { latenciesMs, answers, failed, answerBytes } = this;
    return { latenciesMs, answers, failed, answerBytes, seconds: (performance.now() - this.beganAt) / 1000 };
  }

  private get isOver(): boolean {
    const { ms, answers = Infinity } = this.asking;
    return performance.now() - this.beganAt >= ms || this.asked >= answers;
  }

  private async caller(): Promise<void> {
    // A connection that broke is counted as a failed answer, and opened again.
    while (!this.isOver) await this.connection();
  }

  private connection(): Promise<void> {
    const text = requestText(this.question);
    return new Promise((resolve) => {
      const socket: Socket = connect({ port: this.question.port, host: '127.0.0.1', noDelay: true });
      let askedAt = 0;
      let over = false;
      const end = (failed: boolean): void => {
        if (over) return;
        over = true;
        if (failed) this.failed += 1;
        socket.destroy();
        resolve();
      };
      const ask = (): void => {
        if (this.isOver) return end(false);
        this.asked += 1;
        askedAt = performance.now();
        socket.write(text);
      };
      const reader = new AnswerReader(this.check !== undefined, (answer) => {
        this.count(answer, askedAt);
        ask();
      });
      socket.setTimeout(SILENCE_MS, () => end(true));
      socket.on('connect', ask);
      socket.on('data', (chunk) => reader.take(chunk));
      socket.on('error', () => end(true));
      socket.on('close', () => end(true));
    });
  }

  private count({ status, bytes, body }: RawAnswer, askedAt: number): void {
    this.answers += 1;
    this.answerBytes = bytes;
    this.latenciesMs.push(performance.now() - askedAt);
    const success = status >= 200 && status < 300;
    const right = this.check === undefined || this.check(status, body ?? Buffer.alloc(0), askedAt);
    if (!success || !right) this.failed += 1;
  }
}
