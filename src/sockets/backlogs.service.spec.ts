import { Backlogs } from './backlogs.service';
import type { Connection } from './connection';
import type { Connections } from './connections.service';

const MIB = 1_048_576;

/** A connection to which so many bytes have not gone out. */
function tab(bytes: number): { connection: Connection; line: { bytes: number; isCut: boolean } } {
  const line = { bytes, isCut: false };
  const socket = {
    get bufferedAmount() {
      return line.bytes;
    },
    terminate: () => (line.isCut = true),
  };
  const transport = { writable: false, socket };
  return { connection: { socket: { conn: { writeBuffer: [], transport } } } as unknown as Connection, line };
}

function sweeping(tabs: readonly ReturnType<typeof tab>[]): () => void {
  const backlogs = new Backlogs({
    each: () => tabs.filter(({ line }) => !line.isCut).map(({ connection }) => connection),
  } as unknown as Connections);
  return () => backlogs.sweep();
}

describe('What all connections of a pod let wait together', () => {
  it('is bounded though each keeps to its own bound: the largest go, once all have been late for a while', () => {
    const small = Array.from({ length: 200 }, () => tab(MIB / 2));
    const large = Array.from({ length: 200 }, () => tab(MIB));
    const sweep = sweeping([...small, ...large]);
    sweep();
    sweep();
    expect([...small, ...large].some(({ line }) => line.isCut)).toBe(false);
    sweep();
    // 100 MiB and 156 of the large ones.
    expect(large.filter(({ line }) => line.isCut)).toHaveLength(44);
    expect(small.some(({ line }) => line.isCut)).toBe(false);
  });

  it('is given up first by those who have hoarded for longest', () => {
    const hoarders = Array.from({ length: 256 }, () => tab(MIB));
    const slow = Array.from({ length: 10 }, () => tab(0));
    const sweep = sweeping([...hoarders, ...slow]);
    for (let look = 0; look < 5; look += 1) sweep();
    for (const { line } of slow) line.bytes = MIB;
    for (let look = 0; look < 3; look += 1) sweep();
    expect(hoarders.filter(({ line }) => line.isCut)).toHaveLength(10);
    expect(slow.some(({ line }) => line.isCut)).toBe(false);
  });

  it('does not count what goes out from one look to the next', () => {
    const tabs = Array.from({ length: 500 }, () => tab(MIB));
    const sweep = sweeping(tabs);
    for (let look = 0; look < 9; look += 1) {
      for (const { line } of tabs) line.bytes = look % 2 === 0 ? MIB : 0;
      sweep();
    }
    expect(tabs.some(({ line }) => line.isCut)).toBe(false);
  });
});
