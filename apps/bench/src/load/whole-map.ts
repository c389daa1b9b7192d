/* What the map of all channels must say of a crowd: everybody, in the right rooms, and each with a tab. */
import { emailOf, roomOf, userId } from './dialect';
import type { Check } from './large-load';

interface User {
  readonly id: string;
  readonly email: string;
}

/** Says what is wrong with a map, or `undefined`. */
export function mapFault(map: Record<string, unknown>, connections: number, rooms: number): string | undefined {
  const names = Object.keys(map);
  const usedRooms = Math.min(rooms, connections);
  if (names.length !== connections + usedRooms + 1) return `it has ${names.length} channels`;
  const members = (name: string): User[] => (Array.isArray(map[name]) ? (map[name] as User[]) : []);
  const everybody = new Set(members('authenticated').map(({ id }) => id));
  if (everybody.size !== connections) return `${everybody.size} users are authenticated`;
  for (let room = 0; room < usedRooms; room += 1) {
    const there = members(roomOf(room, rooms));
    const expected = Math.floor((connections - room - 1) / rooms) + 1;
    if (new Set(there.map(({ id }) => id)).size !== expected) return `room ${room} has ${there.length} users`;
    const stranger = there.find(
      ({ id, email }) => Number(id.slice(4)) % rooms !== room || email !== `${id}@example.com`,
    );
    if (stranger !== undefined) return `room ${room} has ${JSON.stringify(stranger)}`;
  }
  const last = connections - 1;
  const tabs = names.filter((name) => name.startsWith('tab|'));
  if (tabs.length !== connections) return `it has ${tabs.length} tabs`;
  const owners = new Set(tabs.map((name) => [map[name]].flat() as User[]).map(([user]) => user?.id));
  if (owners.size !== connections || !owners.has(userId(last))) return `${owners.size} users have tabs`;
  return members('authenticated').some(({ email }) => email === emailOf(last)) ? undefined : 'an email is missing';
}

/** Every answer is looked at; one that has the very bytes of a right one is right. */
export function wholeMapCheck(connections: number, rooms: number): Check {
  let right: Buffer | undefined;
  return (status, body) => {
    if (status < 200 || status >= 300) return false;
    if (right?.equals(body) === true) return true;
    if (mapFault(JSON.parse(body.toString()) as Record<string, unknown>, connections, rooms) !== undefined)
      return false;
    right = body;
    return true;
  };
}
