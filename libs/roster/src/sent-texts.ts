/*
 * Large answers that somebody is still sent: whoever asks for the same one meanwhile is sent the same bytes, so that a
 * thousand who ask at a time, or who are slow to read, cost little more than one. Written by who makes an answer; nothing
 * is kept for it, and what nobody sends any more is gone.
 */

/** Smaller ones are cheap to make, and to have several times. */
const SHARED_FROM_BYTES = 65_536;

/** What was sent first is made anew for who asks for it once more. */
const TEXTS_MAX = 64;

export class SentTexts {
  private readonly texts = new Map<string, WeakRef<Buffer>>();

  /** What was made for the key, or is made now. The key says all that the answer is made from. */
  of(key: string, make: () => Buffer): Buffer {
    const sent = this.texts.get(key)?.deref();
    if (sent !== undefined) return sent;
    const text = make();
    this.texts.delete(key);
    if (text.length < SHARED_FROM_BYTES) return text;
    for (const oldest of this.texts.keys()) {
      if (this.texts.size < TEXTS_MAX) break;
      this.texts.delete(oldest);
    }
    this.texts.set(key, new WeakRef(text));
    return text;
  }

  /** What they were made from is no longer what it was. */
  clear(): void {
    if (this.texts.size > 0) this.texts.clear();
  }
}
