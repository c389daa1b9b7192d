/*
 * What is made of Socket.IO's packets on their way in. A client decides how much that is: a packet may name as many arguments
 * as fit, which Socket.IO then puts on the stack all at once, and JSON takes up to thirty times the room of its text.
 */
import { Decoder, type Packet } from 'socket.io-parser';

/** An event has its name, one payload, and what a careless client sends beside it, which is ignored. */
const VALUES_MAX = 10;

/** Stands in for binary data, of which nothing is taken: events that hold any are refused in words. */
const NO_DATA = Buffer.alloc(0);

/** A packet whose binary data has not come yet; it may never come. */
interface Unfinished {
  readonly text: string;
  readonly attachments: number;
  missing: number;
}

/** With what its types keep to itself: nowhere else is a packet to be seen before it is used. */
interface OpenDecoder {
  add(data: unknown): void;
  decodeString(text: string): Packet;
  destroy(): void;
}
const OpenDecoder = Decoder as unknown as new () => OpenDecoder;

/** Throws at what no client of Socket.IO's would send; the line is closed for it. */
export class BoundedDecoder extends OpenDecoder {
  private unfinished: Unfinished | undefined = undefined;

  override add(data: unknown): void {
    const { unfinished } = this;
    if (unfinished === undefined) return this.begin(data);
    if (typeof data === 'string') throw new Error('Binary data has to follow.');
    unfinished.missing -= 1;
    if (unfinished.missing > 0) return;
    this.unfinished = undefined;
    super.add(unfinished.text);
    for (let n = 0; n < unfinished.attachments; n += 1) super.add(NO_DATA);
  }

  override decodeString(text: string): Packet {
    const packet = super.decodeString(text);
    const values: unknown = packet.data;
    if (Array.isArray(values) && values.length > VALUES_MAX) throw new Error('Too many arguments.');
    return packet;
  }

  override destroy(): void {
    this.unfinished = undefined;
    super.destroy();
  }

  /** Of what is to be continued the text is kept alone, and read again when all of it is there. */
  private begin(data: unknown): void {
    if (typeof data !== 'string' || !/^[56]/.test(data)) return super.add(data);
    const { attachments = 1 } = this.decodeString(data);
    // A copy: a part of a text keeps the whole of it, and polling tabs send many packets in one.
    this.unfinished = { text: Buffer.from(data).toString(), attachments, missing: attachments };
  }
}
