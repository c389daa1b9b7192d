import { mapFault, wholeMapCheck } from './whole-map';

const CONNECTIONS = 7;
const ROOMS = 3;

type Map = Record<string, unknown>;

const user = (n: number): object => ({ id: `user${n}`, email: `user${n}@example.com` });

function rightMap(): Map {
  const all = Array.from({ length: CONNECTIONS }, (_, n) => n);
  const rooms = [0, 1, 2].map((room) => [`room-${room}`, all.filter((n) => n % ROOMS === room).map(user)]);
  return Object.fromEntries([
    ['authenticated', all.map(user)],
    ...rooms,
    ...all.map((n) => [`tab|x${n}`, user(n)]),
  ]) as Map;
}

const fault = (map: Map): string | undefined => mapFault(map, CONNECTIONS, ROOMS);
const without = (name: string): Map => Object.fromEntries(Object.entries(rightMap()).filter(([key]) => key !== name));

describe('a map of all channels', () => {
  it('is right with everybody in it, in any order', () => {
    expect(fault(rightMap())).toBeUndefined();
    expect(fault(Object.fromEntries(Object.entries(rightMap()).reverse()))).toBeUndefined();
  });

  it.each([
    ['a tab is missing', without('tab|x3')],
    ['a room is missing', without('room-1')],
    ['half of the users are missing', { ...rightMap(), authenticated: [0, 2, 4, 6].map(user) }],
    ['a user is there twice and another is not', { ...rightMap(), authenticated: [0, 1, 2, 3, 4, 5, 5].map(user) }],
    ['a user is in the wrong room', { ...rightMap(), 'room-0': [0, 3, 4].map(user) }],
    ['a room lacks a user', { ...rightMap(), 'room-2': [2].map(user) }],
    ['an email is wrong', { ...rightMap(), 'room-2': [{ id: 'user2', email: 'x' }, user(5)] }],
    ['two tabs are of one user', { ...rightMap(), 'tab|x3': user(4) }],
    ['a channel is there too many', { ...rightMap(), ghost: [] }],
  ])('is wrong if %s', (_what, map) => expect(fault(map)).toBeDefined());

  it('is checked with each answer', () => {
    const check = wholeMapCheck(CONNECTIONS, ROOMS);
    const right = Buffer.from(JSON.stringify(rightMap()));
    expect(check(500, right, 0)).toBe(false);
    expect(check(200, right, 0)).toBe(true);
    expect(check(201, Buffer.from(right), 0)).toBe(true);
    expect(check(200, Buffer.from(JSON.stringify(without('tab|x3'))), 0)).toBe(false);
  });
});
