import type { PresenceRow, Status } from '@rollcall/contract';
import fc from 'fast-check';
import { PresenceBoard } from './presence-board';

const IDS = ['ada', 'bob', '__proto__', 'constructor'];
const row = fc
  .record({
    id: fc.constantFrom(...IDS),
    status: fc.constantFrom<Status>('online', 'busy', 'offline'),
    text: fc.constantFrom(undefined, 'x'),
  })
  .map(({ id, status, text }): PresenceRow => {
    const said = text === undefined ? {} : { statusText: text };
    return { _id: id, username: id, name: id, utcOffset: 0, status, ...said };
  });
const rows = fc.uniqueArray(row, { selector: ({ _id }) => _id });
const users = fc.oneof(
  fc.constant('everybody' as const),
  fc.subarray(IDS).map((ids) => new Set(ids)),
);

describe('The board of presence rows', () => {
  it('is what was told, and the differences add up to it', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ rows, full: fc.boolean(), users })), (steps) => {
        const board = new PresenceBoard();
        const model = new Map<string, PresenceRow>();
        const heard = new Map<string, PresenceRow>();
        for (const { rows: told, full, users: meant } of steps) {
          if (full) for (const id of IDS) if (meant === 'everybody' || meant.has(id)) model.delete(id);
          for (const one of told) {
            if (one.status === 'offline') model.delete(one._id);
            else model.set(one._id, one);
          }
          for (const one of full ? board.replace(told, meant) : board.apply(told)) {
            expect(heard.get(one._id)).not.toEqual(one);
            if (one.status === 'offline') expect(heard.delete(one._id)).toBe(true);
            else heard.set(one._id, one);
          }
          expect(new Map([...board.values()].map((one) => [one._id, one]))).toEqual(model);
          expect(heard).toEqual(model);
        }
      }),
    );
  });

  it('keeps only those who are asked about', () => {
    const board = new PresenceBoard();
    board.apply(IDS.map((id) => ({ _id: id, username: id, name: id, utcOffset: 0, status: 'online' })));
    board.keep(new Set(['ada', '__proto__']));
    expect([...board.values()].map(({ _id }) => _id)).toEqual(['ada', '__proto__']);
  });
});
