import { loadLarge } from './large-load';
import type { Question } from './question';

/** One answer; `undefined` if there was none in time. */
export async function answerTo(question: Question): Promise<{ status: number; body: Buffer } | undefined> {
  let answer: { status: number; body: Buffer } | undefined;
  await loadLarge(question, { callers: 1, ms: 10_000, answers: 1 }, (status, body) => {
    answer = { status, body };
    return true;
  });
  return answer;
}

/** The body of an answer. @throws Error if it is no success. */
export async function bodyOf(question: Question): Promise<Buffer> {
  const answer = await answerTo(question);
  if (answer !== undefined && answer.status < 300) return answer.body;
  const said = answer === undefined ? 'nothing' : `${answer.status}: ${answer.body.toString()}`;
  throw new Error(`${question.path} answered ${said}`);
}
