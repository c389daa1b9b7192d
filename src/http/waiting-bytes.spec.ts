import { WaitingBytes } from './waiting-bytes';

const MIB = 1_048_576;

interface Line {
  bytes: number;
  isCut: boolean;
}

const lines = (count: number, bytes: number): Line[] => Array.from({ length: count }, () => ({ bytes, isCut: false }));

const cut = (some: readonly Line[]): Line[] => some.filter(({ isCut }) => isCut);

function looking(all: readonly Line[]): () => void {
  const waiting = new WaitingBytes<Line>({ looks: 10, mostBytes: 32 * MIB });
  return () => {
    const there = all.filter(({ isCut }) => !isCut);
    for (const line of waiting.look(there.map((line) => [line, line.bytes]))) line.isCut = true;
  };
}

describe('A line for which bytes wait', () => {
  it('is cut at the tenth look in a row at more than a megabyte, and at the first at more than may wait at all', () => {
    const [still, moving, huge] = [...lines(2, 2 * MIB), ...lines(1, 32 * MIB + 1)] as [Line, Line, Line];
    const look = looking([still, moving, huge]);
    look();
    expect(cut([still, moving, huge])).toEqual([huge]);
    for (let n = 2; n < 10; n += 1) {
      moving.bytes = n === 5 ? MIB : 2 * MIB;
      look();
    }
    expect(cut([still, moving])).toEqual([]);
    look();
    expect(cut([still, moving])).toEqual([still]);
  });
});

describe('All lines for which bytes wait', () => {
  it('are bounded though each keeps to its own bound: the largest go, once all have been late for a while', () => {
    const small = lines(200, MIB / 2);
    const large = lines(200, MIB);
    const look = looking([...small, ...large]);
    look();
    look();
    expect(cut([...small, ...large])).toEqual([]);
    look();
    // 100 MiB and 156 of the large ones.
    expect(cut(large)).toHaveLength(44);
    expect(cut(small)).toEqual([]);
  });

  it('are given up first where they have hoarded for longest', () => {
    const hoarders = lines(256, MIB);
    const slow = lines(10, 0);
    const look = looking([...hoarders, ...slow]);
    for (let n = 0; n < 5; n += 1) look();
    for (const line of slow) line.bytes = MIB;
    for (let n = 0; n < 3; n += 1) look();
    expect(cut(hoarders)).toHaveLength(10);
    expect(cut(slow)).toEqual([]);
  });

  it('do not count with what goes out from one look to the next', () => {
    const some = lines(500, MIB);
    const look = looking(some);
    for (let n = 0; n < 9; n += 1) {
      for (const line of some) line.bytes = n % 2 === 0 ? MIB : 0;
      look();
    }
    expect(cut(some)).toEqual([]);
  });
});
