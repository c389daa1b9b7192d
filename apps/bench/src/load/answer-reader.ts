/*
 * Cuts a keep-alive connection's bytes into answers. Bodies are counted, and kept only where somebody looks at them: a
 * client that turns every megabyte into a string costs more than the server under test.
 */
export interface RawAnswer {
  readonly status: number;
  readonly bytes: number;
  readonly body: Buffer | undefined;
}

const HEAD_END = Buffer.from('\r\n\r\n');

export class AnswerReader {
  private head: Buffer = Buffer.alloc(0);
  private status = 0;
  private headBytes = 0;
  private bodyBytes = 0;
  private missing = -1;
  private kept: Buffer[] = [];

  constructor(
    private readonly keepsBodies: boolean,
    private readonly answered: (answer: RawAnswer) => void,
  ) {}

  /** @throws Error at an answer without a length: none of the servers sends such. */
  take(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.missing < 0 ? this.takeHead(rest) : this.takeBody(rest);
  }

  private takeHead(chunk: Buffer): Buffer {
    const bytes = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      this.head = bytes;
      return Buffer.alloc(0);
    }
    const text = bytes.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    if (length === undefined) throw new Error(`An answer has no length:\n${text}`);
    this.status = Number(text.slice(9, 12));
    this.headBytes = end + HEAD_END.length;
    this.bodyBytes = this.missing = Number(length);
    this.head = Buffer.alloc(0);
    this.kept = [];
    if (this.missing === 0) this.finish();
    return bytes.subarray(this.headBytes);
  }

  private takeBody(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.missing);
    if (this.keepsBodies) this.kept.push(part);
    this.missing -= part.length;
    if (this.missing === 0) this.finish();
    return chunk.subarray(part.length);
  }

  private finish(): void {
    this.missing = -1;
    const body = this.keepsBodies ? Buffer.concat(this.kept) : undefined;
    this.answered({ status: this.status, bytes: this.headBytes + this.bodyBytes, body });
  }
}
