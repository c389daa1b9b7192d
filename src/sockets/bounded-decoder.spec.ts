import { Encoder, type Packet, PacketType } from 'socket.io-parser';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BoundedDecoder } from './bounded-decoder';

const DECODERS = 200;
const ATTACHMENTS = 10;
const TEXT = `5${ATTACHMENTS}-["x",${'['.repeat(30_000)}${']'.repeat(30_000)}]`;

const collectGarbage = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

function keptBytes(): number {
  for (let times = 0; times < 3; times += 1) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function decoded(packet: object): Packet[] {
  const decoder = new BoundedDecoder();
  const packets: Packet[] = [];
  (decoder as unknown as Emitting).on('decoded', (one) => packets.push(one));
  for (const part of new Encoder().encode(packet as Packet)) decoder.add(part);
  return packets;
}

interface Emitting {
  on(event: 'decoded', listener: (packet: Packet) => void): void;
}

describe('A packet', () => {
  it('may have ten values, its name among them, and no more', () => {
    const packet = { type: PacketType.EVENT, nsp: '/', data: ['x', 1, 2, 3, 4, 5, 6, 7, 8, 9] };
    expect(decoded(packet)).toEqual([packet]);
    expect(() => decoded({ ...packet, data: [...packet.data, 10] })).toThrow('Too many');
    expect(() => decoded({ ...packet, type: PacketType.ACK, id: 1, data: [...packet.data, 10] })).toThrow('Too many');
    expect(() => decoded({ ...packet, data: [...packet.data, Buffer.from('x')] })).toThrow('Too many');
  });

  it('with binary data is there when all of that is, with none of it, and so is the next', () => {
    const decoder = new BoundedDecoder();
    const packets: Packet[] = [];
    (decoder as unknown as Emitting).on('decoded', (one) => packets.push(one));
    const sent = { type: PacketType.EVENT, nsp: '/', id: 7, data: ['x', { a: Buffer.from('a'), b: Buffer.from('b') }] };
    const [text, ...data] = new Encoder().encode(sent) as [string, Buffer, Buffer];
    for (let times = 1; times <= 2; times += 1) {
      for (const part of [text, data[0]]) decoder.add(part);
      expect(packets).toHaveLength(times - 1);
      decoder.add(data[1]);
      expect(packets).toHaveLength(times);
    }
    const nothing = Buffer.alloc(0);
    expect(packets[1]).toMatchObject({ ...sent, data: ['x', { a: nothing, b: nothing }] });
  });

  it('that is not complete is kept as its text, whatever would become of it', () => {
    const before = keptBytes();
    const decoders = Array.from({ length: DECODERS }, () => {
      const decoder = new BoundedDecoder();
      // Each is the end of something longer, as where a polling tab sends several packets at once.
      decoder.add(`${'x'.repeat(4 * TEXT.length)}${TEXT.replace('x', String(Math.random()))}`.slice(4 * TEXT.length));
      // As they come from the network: each the beginning of all that came with it.
      for (let n = 1; n < ATTACHMENTS; n += 1) decoder.add(Buffer.allocUnsafeSlow(65_536).subarray(0, 1));
      return decoder;
    });
    expect(keptBytes() - before).toBeLessThan(DECODERS * 2 * TEXT.length);
    // They are all still waiting.
    expect(() => decoders[0]?.add('2["x"]')).toThrow('has to follow');
  });
});
