import type { Connection } from './connection';
import { Connections } from './connections.service';

const connectionOf = (id: string, userId: string | null, host = 'a.example'): Connection =>
  ({ id, host, visitor: { user: userId === null ? null : { id: userId } } }) as unknown as Connection;

describe('The connections of a pod', () => {
  it('are found by their user, and each goes by itself', () => {
    const connections = new Connections();
    const [one, two, three] = [
      connectionOf('t1', 'ada'),
      connectionOf('t2', 'ada'),
      connectionOf('t3', 'ada', 'b.example'),
    ];
    const others = [connectionOf('t4', 'bob'), connectionOf('t5', null)];
    for (const connection of [one, two, three, ...others]) connections.add(connection);
    expect(connections.ofUser('ada')).toEqual([one, two, three]);
    expect(connections.of('ada', 'a.example')).toEqual([one, two]);
    expect(connections.of('ada', 'c.example')).toEqual([]);
    for (const connection of [one, three, one]) connections.remove(connection);
    expect(connections.ofUser('ada')).toEqual([two]);
    connections.remove(two);
    expect([connections.ofUser('ada'), connections.ofUser('bob').length, connections.size]).toEqual([[], 1, 2]);
    connections.add(three);
    expect(connections.of('ada', 'b.example')).toEqual([three]);
  });

  it('of a user are found without a look at those of others', () => {
    const connections = new Connections();
    for (let n = 0; n < 100; n += 1) connections.add(connectionOf(`t${n}`, `user-${n}`));
    const looked = jest.spyOn(connections, 'values');
    expect(connections.of('user-7', 'a.example').map(({ id }) => id)).toEqual(['t7']);
    expect(looked).not.toHaveBeenCalled();
  });
});
