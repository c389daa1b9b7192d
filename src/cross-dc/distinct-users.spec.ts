import fc from 'fast-check';
import { countDistinct, pageOfUsers, type Users } from './distinct-users';

const rosterOf = (...ids: string[]): Users => ({
  userIds: () => ids,
  hasUser: (id) => ids.includes(id),
  totals: { users: ids.length },
});
const atOnce = (): Promise<void> => Promise.resolve();

describe('Users over data centres', () => {
  it('count once, wherever they are', async () => {
    const rosters = [rosterOf('ada', 'ben'), rosterOf(), rosterOf('ben', 'cy', 'ada'), rosterOf('cy')];
    expect(await countDistinct(rosters, atOnce)).toBe(3);
    expect(await countDistinct([], atOnce)).toBe(0);
  });

  it('are gone through but for the data centre that has the most of them', async () => {
    const [small, large] = [rosterOf('ada', 'zoe'), rosterOf('ada', 'ben', 'cy')];
    const walked = [jest.spyOn(small, 'userIds'), jest.spyOn(large, 'userIds')];
    expect(await countDistinct([small, large], atOnce)).toBe(4);
    expect(walked.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  });

  it('come in pages that together have each of them once', async () => {
    const names = fc.uniqueArray(fc.string({ maxLength: 3, unit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(fc.array(names, { maxLength: 4 }), fc.integer({ min: 1, max: 5 }), async (ids, limit) => {
        const rosters = ids.map((each) => rosterOf(...each));
        const all: string[] = [];
        for (;;) {
          const page = await pageOfUsers(rosters, all.at(-1), limit, atOnce);
          all.push(...page);
          if (page.length < limit) break;
        }
        const wanted = [...new Set(ids.flat())].sort((a, b) => (a < b ? -1 : 1));
        expect(all).toEqual(wanted);
        expect(await countDistinct(rosters, atOnce)).toBe(wanted.length);
      }),
    );
  });

  it('let others run in between', async () => {
    const ids = Array.from({ length: 50_000 }, (_, n) => `user${n}`);
    let breaths = 0;
    const breathe = (): Promise<void> => {
      breaths += 1;
      return Promise.resolve();
    };
    const many: Users = { userIds: () => ids, hasUser: () => true, totals: { users: ids.length } };
    await countDistinct([many, many], breathe);
    await pageOfUsers([many], undefined, 10, breathe);
    expect(breaths).toBe(4);
  });
});
