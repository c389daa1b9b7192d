/* A side of a row that is asked over HTTP: what callers wait, and what the servers take for an answer. */
import { quantile } from '../measure/statistics';
import type { Asking, Load, Question } from '../load/question';
import { once } from '../once';
import type { Figures, Side } from '../row';
import { costOf, idleCostOf, type Measured } from '../stacks/measured';

export type Loader = (question: Question, asking: Asking) => Promise<Load>;

/** Long enough for the compilers of both sides to have seen the hot paths. */
const WARM_UP_MS = 1500;

const NOTHING = { podsMs: 0, redisMs: 0 };

/** P1 fails now and then, and is compared by the answers that it gives. */
const FAILED_MAX = 0.05;

export interface HttpSide<Stack extends Measured> {
  readonly name: string;
  readonly stack: () => Promise<Stack>;
  readonly question: (stack: Stack) => Question;
  readonly load: Loader;
  readonly asking: Asking;
  /** What goes on meanwhile. */
  readonly during?: (stack: Stack, ask: () => Promise<Figures>) => Promise<Figures>;
}

export function httpSide<Stack extends Measured>(side: HttpSide<Stack>): Side {
  const { name, question, load, asking } = side;
  const ready = once(async () => {
    const stack = await side.stack();
    await load(question(stack), { callers: asking.callers, ms: Math.min(WARM_UP_MS, asking.ms) });
    // What goes on meanwhile is part of what is measured.
    const idle = side.during === undefined ? await idleCostOf(stack) : NOTHING;
    return { stack, idle };
  });
  return {
    name,
    sample: async () => {
      const { stack, idle } = await ready();
      const ask = async (): Promise<Figures> => {
        const { result, podsMs, redisMs } = await costOf(stack, () => load(question(stack), asking));
        const { seconds } = result;
        return figuresOf(result, podsMs - idle.podsMs * seconds, redisMs - idle.redisMs * seconds);
      };
      return side.during === undefined ? ask() : side.during(stack, ask);
    },
  };
}

export function figuresOf(load: Load, podsMs: number, redisMs: number): Figures {
  const { answers, failed, seconds, latenciesMs, answerBytes } = load;
  if (answers === 0) throw new Error('Nothing was answered.');
  // An error is quickly said: a server that fails would look fast.
  if (failed > FAILED_MAX * answers) throw new Error(`${failed} of ${answers} answers failed.`);
  return {
    p50: quantile(latenciesMs, 0.5),
    p99: quantile(latenciesMs, 0.99),
    cpu: (podsMs + redisMs) / answers,
    cpuPods: podsMs / answers,
    cpuRedis: redisMs / answers,
    perSecond: answers / seconds,
    failed,
    answers,
    answerBytes,
  };
}
