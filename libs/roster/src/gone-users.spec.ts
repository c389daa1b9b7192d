import { GoneUsers } from './gone-users';

describe('Users who left', () => {
  it('are taken out in the order of leaving, whoever was told first, and only those who left before', () => {
    const gone = new GoneUsers();
    gone.set('cyd', 30);
    gone.set('ada', 10);
    gone.set('bob', 20);
    expect(gone.takeBefore(30, 9)).toEqual(['ada', 'bob']);
    expect(gone.takeBefore(30, 9)).toEqual([]);
    expect(gone.takeBefore(31, 9)).toEqual(['cyd']);
  });

  it('are taken out at most so many at a time', () => {
    const gone = new GoneUsers();
    for (const id of ['c', 'a', 'b']) gone.set(id, 10);
    expect(gone.takeBefore(11, 2)).toEqual(['a', 'b']);
    expect(gone.takeBefore(11, 2)).toEqual(['c']);
  });

  it('are not there any more when they are back, and have the last time when they leave again', () => {
    const gone = new GoneUsers();
    for (const id of ['ada', 'bob', 'cyd']) gone.set(id, 10);
    gone.delete('bob');
    gone.delete('bob');
    gone.set('ada', 20);
    expect(gone.takeBefore(20, 9)).toEqual(['cyd']);
    gone.set('ada', 5);
    expect(gone.takeBefore(20, 9)).toEqual(['ada']);
  });
});
