import { type DirectoryEntry, UNKNOWN_USER } from '@rollcall/roster';
import { changesAccess, DirectoryCopy, encodeUser } from './directory-copy';

const token = { hash: Buffer.alloc(32, 1) };
const details = { name: 'Ada' };
const text = (entry: Partial<DirectoryEntry>): string => encodeUser({ ...UNKNOWN_USER, ...entry });

describe('A copy of the directory', () => {
  let changes: string[];
  let copy: DirectoryCopy;

  beforeEach(() => {
    changes = [];
    copy = new DirectoryCopy(
      (userId) => changes.push(userId),
      () => changes.push('the settings'),
    );
  });

  it('follows Redis, and tells of a user only when something is different', () => {
    const first = text({ details });
    for (const stored of [null, first, first, text({ details, tokens: [token] }), null, null]) copy.take('ada', stored);
    expect(changes).toEqual(['ada', 'ada', 'ada']);
    expect([...copy.userIds()]).toEqual([]);
  });

  it.each([
    ['nothing', null, undefined],
    ['an entry from before', text({ details, tokens: [token] }), details],
    ['an entry with an earlier revocation', text({ details, tokens: [token], revokedAtMs: 999 }), details],
  ])('holds on to a revocation where Redis has %s, and owes it', (_, stored, profile) => {
    copy.take('ada', text({ tokens: [token], revokedAtMs: 1000 }));
    copy.take('ada', stored);
    const entry = { details: profile, tokens: [], revokedAtMs: 1000, issuedBeforeMs: 0 };
    expect(copy.find('ada')).toEqual(entry);
    expect(copy.owed()).toEqual([{ userId: 'ada', seen: stored, text: text(entry) }]);
    expect(copy.heldAgainst('ada', stored)).toEqual(entry);
  });

  it('tells of what it holds on to once, and owes it until Redis has it or a later one', () => {
    const old = text({ details });
    copy.take('ada', text({ revokedAtMs: 1000 }));
    for (const stored of [old, old, null, old]) copy.take('ada', stored);
    expect(changes).toHaveLength(4);
    copy.take('ada', old);
    expect(changes).toHaveLength(4);
    copy.take('ada', text({ details, revokedAtMs: 1000 }));
    expect([changes.length, copy.owed()]).toEqual([4, []]);

    copy.take('ada', old);
    expect(copy.owed()).toHaveLength(1);
    copy.take('ada', text({ tokens: [token], revokedAtMs: 1001 }));
    expect(copy.owed()).toEqual([]);
    expect(copy.find('ada')).toEqual({ details: undefined, tokens: [token], revokedAtMs: 1001, issuedBeforeMs: 0 });
  });

  it('has the settings that Redis has, and tells when they have become others', () => {
    for (const stored of [null, '{"broadcastDisabled":true}', '{"broadcastDisabled":true}']) copy.takeSettings(stored);
    expect(copy.settings).toEqual({ broadcastDisabled: true });
    copy.takeSettings('{"broadcastDisabled":false}');
    expect(copy.settings).toEqual({ broadcastDisabled: false });
    copy.takeSettings(null);
    expect(copy.settings).toEqual({});
    expect(changes).toEqual(['the settings', 'the settings', 'the settings']);
    expect([...copy.userIds()]).toEqual([]);
  });

  it('takes tokens and profiles that were written after the revocation', () => {
    copy.take('ada', text({ revokedAtMs: 1000 }));
    copy.take('ada', text({ details, tokens: [token], revokedAtMs: 1000 }));
    expect(copy.find('ada')).toEqual({ details, tokens: [token], revokedAtMs: 1000, issuedBeforeMs: 0 });
  });

  it('brings nobody back who was erased', () => {
    copy.take('ada', text({ details: null, revokedAtMs: 1000 }));
    for (const stored of [text({ details, tokens: [token] }), null]) {
      copy.take('ada', stored);
      expect(copy.find('ada')).toEqual({ details: null, tokens: [], revokedAtMs: 1000, issuedBeforeMs: 0 });
    }
    copy.take('ada', text({ details, revokedAtMs: 1000 }));
    expect(copy.find('ada')?.details).toEqual(details);
  });
});

describe('A copy of the directory that knows of an erasure', () => {
  it('holds on to it where somebody who did not has written over nothing', () => {
    const copy = new DirectoryCopy(
      () => undefined,
      () => undefined,
    );
    copy.take('ada', text({ details: null, revokedAtMs: 1000, erasedAtMs: 1000 }));
    copy.take('ada', text({ tokens: [token], revokedAtMs: 2000 }));
    const erased = { details: null, tokens: [token], revokedAtMs: 2000, erasedAtMs: 1000, issuedBeforeMs: 0 };
    expect(copy.find('ada')).toEqual(erased);
    expect(copy.owed()).toEqual([
      { userId: 'ada', seen: text({ tokens: [token], revokedAtMs: 2000 }), text: text(erased) },
    ]);
    copy.take('ada', text({ details, revokedAtMs: 2000 }));
    expect(copy.find('ada')?.details).toEqual(details);
  });
});

describe('What is written of a user', () => {
  const admin: Partial<DirectoryEntry> = { details: { role: 'admin' } };
  const plain: Partial<DirectoryEntry> = { details };
  const gone: Partial<DirectoryEntry> = { details: null };

  it.each<[what: string, before: Partial<DirectoryEntry> | null, after: Partial<DirectoryEntry>]>([
    ['a first profile without a role, for the apps file may name one', null, plain],
    ['the same for whom a token was minted before', { tokens: [token] }, plain],
    ['another role', admin, { details: { role: 'user' } }],
    ['a profile without the role that was there', admin, plain],
    ['a role for who had none', plain, admin],
    ['a role for who was erased', gone, admin],
    ['an erasure', plain, { ...gone, revokedAtMs: 1 }],
    ['an erasure of whom nothing was known', null, { ...gone, revokedAtMs: 1 }],
    ['a revocation', plain, { ...plain, revokedAtMs: 1 }],
    ['a later revocation', { ...plain, revokedAtMs: 1 }, { ...plain, revokedAtMs: 2 }],
    ['a revocation of older tokens', plain, { ...plain, issuedBeforeMs: 1 }],
  ])('changes access where it is %s', (_, before, after) => {
    const stored = before === null ? null : text(before);
    expect(changesAccess(stored, { ...UNKNOWN_USER, ...after })).toBe(true);
  });

  it.each<[what: string, before: Partial<DirectoryEntry> | null, after: Partial<DirectoryEntry>]>([
    ['the same again', admin, admin],
    ['another name', admin, { details: { name: 'Ada', role: 'admin' } }],
    ['a profile without a role for who was erased', gone, plain],
    ['a token', plain, { ...plain, tokens: [token] }],
    ['a token for whom nothing is known of', null, { tokens: [token] }],
  ])('changes no access where it is %s', (_, before, after) => {
    const stored = before === null ? null : text(before);
    expect(changesAccess(stored, { ...UNKNOWN_USER, ...after })).toBe(false);
  });
});
