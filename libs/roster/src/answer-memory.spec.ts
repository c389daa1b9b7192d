import { AnswerMemory } from './answer-memory';

const LARGE = 100_000;

describe('The memory of answers', () => {
  const filledWith = (letter: string, length = LARGE): Buffer[] => [Buffer.alloc(length - 1, letter), Buffer.from('.')];

  it('is filled again when nobody holds an answer any more', () => {
    const memory = new AnswerMemory();
    const first = memory.join(filledWith('a'));
    first.release();
    const second = memory.join(filledWith('b'));
    expect(second.answer.bytes.buffer).toBe(first.answer.bytes.buffer);
    expect(second.answer.bytes.toString()).toBe(`${'b'.repeat(LARGE - 1)}.`);
  });

  it('is left alone as long as somebody sends the answer, however often others let go', () => {
    const memory = new AnswerMemory();
    const { answer, release } = memory.join(filledWith('a'));
    const [sent, sentToo] = [answer.hold(), answer.hold()];
    release();
    release();
    sent();
    sent();
    expect(memory.join(filledWith('b')).answer.bytes.buffer).not.toBe(answer.bytes.buffer);
    expect(answer.bytes.toString()).toBe(`${'a'.repeat(LARGE - 1)}.`);
    sentToo();
    expect(memory.join(filledWith('c')).answer.bytes.buffer).toBe(answer.bytes.buffer);
  });

  it('has room for an answer that has grown a little, and is not kept for one that is far smaller', () => {
    const memory = new AnswerMemory();
    const large = memory.join(filledWith('a', 10 * LARGE));
    large.release();
    const grown = memory.join(filledWith('b', 11 * LARGE));
    expect(grown.answer.bytes.buffer).toBe(large.answer.bytes.buffer);
    grown.release();
    expect(memory.join(filledWith('c', LARGE)).answer.bytes.buffer).not.toBe(large.answer.bytes.buffer);
  });

  it('is not kept without end', () => {
    const memory = new AnswerMemory();
    const joined = Array.from({ length: 10 }, () => memory.join(filledWith('a')));
    for (const { release } of joined) release();
    const known = new Set(joined.map(({ answer }) => answer.bytes.buffer));
    const again = Array.from({ length: 10 }, () => memory.join(filledWith('b')));
    expect(again.filter(({ answer }) => known.has(answer.bytes.buffer))).toHaveLength(3);
  });
});
