import type { Lease } from './roster.store';
import { LeaseNotes } from './lease-notes';

const STAND_MS = 4000;

describe('The notes of leases', () => {
  let notes: LeaseNotes;

  beforeEach(() => {
    notes = new LeaseNotes(STAND_MS);
  });

  const expired = (instance: string, score = 1): Lease => ({ instance, score, expired: true });
  const look = (now: number, ...leases: Lease[]): string[] =>
    notes.look(leases, 'own', now).map(({ instance }) => instance);

  it('tell a lease that has expired and stood still for long enough, and no sooner', () => {
    expect(look(0, expired('pod-1'))).toEqual([]);
    expect(look(2000, expired('pod-1'))).toEqual([]);
    expect(look(3999, expired('pod-1'))).toEqual([]);
    expect(look(4000, expired('pod-1'))).toEqual(['pod-1']);
  });

  it('tell no lease that has not expired, however long it stands', () => {
    for (const now of [0, 2000, 4000, 6000]) expect(look(now, { ...expired('pod-1'), expired: false })).toEqual([]);
    expect(look(8000, expired('pod-1'))).toEqual(['pod-1']);
  });

  it('begin anew with each change of the score', () => {
    look(0, expired('pod-1', 1));
    look(2000, expired('pod-1', 2));
    expect(look(4000, expired('pod-1', 2))).toEqual([]);
    expect(look(6000, expired('pod-1', 2))).toEqual(['pod-1']);
  });

  it('begin anew with a lease that was away', () => {
    look(0, expired('pod-1'));
    look(2000);
    expect(look(4000, expired('pod-1'))).toEqual([]);
  });

  it('tell a lease at once that somebody has claimed', () => {
    expect(look(0, expired('pod-1', 0))).toEqual(['pod-1']);
  });

  it('never tell the pod’s own lease', () => {
    for (const now of [0, 2000, 4000]) expect(look(now, expired('own'), expired('own', 0))).toEqual([]);
  });

  it('prove nothing after a pause of this pod: it may have been frozen with all the others', () => {
    look(0, expired('pod-1'));
    look(2000, expired('pod-1'));
    expect(look(6001, expired('pod-1'))).toEqual([]);
    expect(look(10_001, expired('pod-1'))).toEqual(['pod-1']);
  });

  it('prove nothing when they were cleared, because a look failed', () => {
    look(0, expired('pod-1'));
    notes.clear();
    expect(look(4000, expired('pod-1'))).toEqual([]);
  });
});
