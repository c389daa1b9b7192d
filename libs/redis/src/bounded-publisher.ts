/*
 * What is published for other pods and has not been answered: it lies in this process's memory, in the client's queue or in
 * the line's. Nobody is told when a message is dropped: those who send know that others may miss it while Redis is away.
 */

/**
 * A message without an answer for so many time-outs says nothing of the line any more. The client gives up a silent
 * connection before that, if nothing is written to it meanwhile.
 */
const SILENT_TIMEOUTS = 4;

/** All that is unanswered at one time; more is dropped. Each is 64 KiB at most, and takes two bytes a character. */
const WAITING_MAX_BYTES = 33_554_432;

/**
 * Larger ones may wait up to here: one that fills the line's buffer is written in a turn of the event loop of its own, so a few
 * hundred of them would keep small ones, and what closes sockets on other pods, waiting for seconds.
 */
const LARGE_BYTES = 16_384;
const LARGE_WAITING_MAX_BYTES = 4_194_304;

/** Of a message besides its characters: the command, its promise and what is done with the answer. */
const MESSAGE_BYTES = 1024;

interface Sent {
  readonly sentAt: number;
}

export class BoundedPublisher {
  /** Those that tell whether Redis is silent. */
  private readonly unanswered = new Set<Sent>();
  /** Counted until the client is done with a message, however long that takes. */
  private waitingBytes = 0;
  /** Redis may be sound, and the queue long. */
  private answeredAt = 0;

  constructor(
    private readonly send: (channel: string, message: string | Buffer) => Promise<unknown>,
    private readonly timeoutMs: number,
  ) {}

  publish(channel: string, message: string | Buffer): void {
    const bytes = MESSAGE_BYTES + (typeof message === 'string' ? 2 * message.length : message.byteLength);
    const most = bytes > LARGE_BYTES ? LARGE_WAITING_MAX_BYTES : WAITING_MAX_BYTES;
    if (this.isSilent() || this.waitingBytes + bytes > most) return;
    const sent = { sentAt: performance.now() };
    const done = (): void => {
      this.unanswered.delete(sent);
      this.waitingBytes -= bytes;
    };
    this.unanswered.add(sent);
    this.waitingBytes += bytes;
    const answered = (): void => {
      this.answeredAt = performance.now();
      done();
    };
    this.send(channel, message).then(answered, done);
  }

  /** Every message would put off the moment at which the client gives up the connection; they would be lost, too. */
  private isSilent(): boolean {
    for (const sent of this.unanswered) {
      const silentMs = performance.now() - Math.max(sent.sentAt, this.answeredAt);
      if (silentMs < SILENT_TIMEOUTS * this.timeoutMs) return silentMs > this.timeoutMs;
      this.unanswered.delete(sent);
    }
    return false;
  }
}
