import { survivingMapCheck } from './surviving-map';

const body = (users: readonly number[], tabs = users.length): Buffer => {
  const map: Record<string, unknown> = { authenticated: users.map((n) => ({ id: `user${n}` })) };
  for (let tab = 0; tab < tabs; tab += 1) map[`tab|${tab}`] = {};
  return Buffer.from(JSON.stringify(map));
};

describe('a map while a pod is killed', () => {
  const isEven = (user: number): boolean => user % 2 === 0;

  it('may lose those of the dead pod little by little', () => {
    const check = survivingMapCheck(4, isEven);
    for (const users of [
      [0, 1, 2, 3],
      [0, 2, 3],
      [0, 2],
    ])
      expect(check(201, body(users), performance.now())).toBe(true);
    expect(check.left()).toBe(2);
  });

  it('must not lose anybody else', () => expect(survivingMapCheck(4, isEven)(201, body([0, 1, 3]), 0)).toBe(false));

  it('must not bring anybody back', () => {
    const check = survivingMapCheck(4, isEven);
    expect(check(201, body([0, 2]), 0)).toBe(true);
    expect(check(201, body([0, 2, 3]), performance.now())).toBe(false);
  });

  it('may be overtaken by one that was asked for later', () => {
    const check = survivingMapCheck(4, isEven);
    const askedAtMs = performance.now() - 1;
    expect(check(201, body([0, 2]), askedAtMs)).toBe(true);
    expect(check(201, body([0, 2, 3]), askedAtMs)).toBe(true);
    expect(check.left()).toBe(2);
  });

  it('must be one moment', () => expect(survivingMapCheck(4, isEven)(201, body([0, 1, 2], 2), 0)).toBe(false));

  it('must come', () => expect(survivingMapCheck(4, isEven)(503, body([0, 1, 2, 3]), 0)).toBe(false));
});
