import fc from 'fast-check';
import { ChannelRoster } from './channel-roster';

const member = fc.record({
  id: fc.constantFrom('ada', 'bob', 'eve', '__proto__', 'constructor'),
  name: fc.constantFrom('A', 'B'),
});
const asMember = ({ id, name }: { id: string; name: string }) => ({ id, username: id, name });
const members = fc.uniqueArray(member, { selector: ({ id }) => id }).map((list) => list.map(asMember));
const anonymous = fc.nat(2);
const step = fc.oneof(
  fc.record({ users: members, anonymous }),
  fc.record({ joined: members, left: fc.uniqueArray(member.map(({ id }) => id)), anonymous }),
);

describe("A channel's roster", () => {
  it('is what was told, and its differences add up to it, and are never empty', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const roster = new ChannelRoster();
        let model = new Map<string, object>();
        const heard = new Map<string, object>();
        let heardAnonymous = 0;
        for (const one of steps) {
          if ('users' in one) model = new Map(one.users.map((user) => [user.id, user]));
          else {
            for (const id of one.left) model.delete(id);
            for (const user of one.joined) model.set(user.id, user);
          }
          const difference = 'users' in one ? roster.replace(one) : roster.apply(one);
          const before = JSON.stringify([[...heard].sort(), heardAnonymous]);
          for (const { id } of difference?.left ?? []) expect(heard.delete(id)).toBe(true);
          for (const user of difference?.joined ?? []) {
            expect(heard.has(user.id)).toBe(false);
            heard.set(user.id, user);
          }
          for (const user of difference?.updated ?? []) {
            expect(heard.get(user.id)).not.toEqual(user);
            heard.set(user.id, user);
          }
          heardAnonymous = difference?.anonymous ?? heardAnonymous;

          expect(new Map(roster.users)).toEqual(model);
          expect(heard).toEqual(model);
          expect(heardAnonymous).toBe(one.anonymous);
          expect(difference === undefined).toBe(JSON.stringify([[...heard].sort(), heardAnonymous]) === before);
          expect(difference?.reset ?? 'users' in one).toBe('users' in one);
        }
      }),
    );
  });

  it('lists users as the snapshot does, and whoever comes later behind them', () => {
    const roster = new ChannelRoster();
    const named = (...ids: string[]) => ids.map((id) => asMember({ id, name: id }));
    roster.replace({ users: named('eve', 'ada'), anonymous: 0 });
    roster.apply({ joined: named('bob'), left: [], anonymous: 0 });
    expect([...roster.users.keys()]).toEqual(['eve', 'ada', 'bob']);
    roster.replace({ users: named('bob', 'eve'), anonymous: 0 });
    expect([...roster.users.keys()]).toEqual(['bob', 'eve']);
  });
});
