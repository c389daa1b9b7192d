/*
 * Memory for large answers that are outdated soon. A new Buffer of a megabyte costs several times what filling it does:
 * its pages come one by one from the kernel, and every few dozen of them the collector goes through the whole heap. So
 * the memory of an answer that is outdated, and that nobody is sending any more, is filled again.
 *
 * An answer is held by its maker and by everybody who sends it. Who forgets to let go costs a new Buffer, nothing else.
 */

/** Smaller ones are cheap to make anew. */
const REUSED_FROM_BYTES = 65_536;

/** What is kept for later: more are in use at a time only while many are being sent. */
const FREE_MAX = 3;

export interface Answer {
  /** Not to be read any more after letting go. */
  readonly bytes: Buffer;
  /** Holds it until the function that is returned is called. */
  hold(): () => void;
}

export class AnswerMemory {
  private free: Buffer[] = [];

  /** Joins the parts. The maker holds the answer with `release`. */
  join(parts: readonly Buffer[]): { readonly answer: Answer; readonly release: () => void } {
    let length = 0;
    for (const part of parts) length += part.length;
    const memory = this.take(length);
    let at = 0;
    for (const part of parts) {
      memory.set(part, at);
      at += part.length;
    }
    const answer = new HeldAnswer(memory.subarray(0, length), () => this.giveBack(memory));
    return { answer, release: answer.hold() };
  }

  private take(length: number): Buffer {
    if (length < REUSED_FROM_BYTES) return Buffer.allocUnsafe(length);
    const at = this.free.findIndex((memory) => memory.length >= length && memory.length <= 4 * length);
    const [memory] = at < 0 ? [] : this.free.splice(at, 1);
    // With room to grow: the next answer is seldom of the same size.
    return memory ?? Buffer.allocUnsafeSlow(Math.ceil(length * 1.25));
  }

  private giveBack(memory: Buffer): void {
    if (memory.length < REUSED_FROM_BYTES) return;
    this.free.push(memory);
    if (this.free.length > FREE_MAX) this.free.shift();
  }
}

class HeldAnswer implements Answer {
  private holders = 0;

  constructor(
    readonly bytes: Buffer,
    private readonly giveBack: () => void,
  ) {}

  hold(): () => void {
    this.holders += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.holders -= 1;
      if (this.holders === 0) this.giveBack();
    };
  }
}
