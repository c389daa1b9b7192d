import type { WrittenKey } from './api-key-entry';
import { readApps } from './apps-file';
import { mintKey, MintError } from './minted-key';
import { hashSecret } from './secret-hash';

const read = (entry: unknown) =>
  readApps({ apps: [{ id: 'a', hosts: ['a'], apiKeys: [entry as WrittenKey] }] }, 'The file')[0]?.apiKeys;

describe('a minted API key', () => {
  it('has 256 random bits behind its prefix, and is never the same', () => {
    const keys = Array.from({ length: 100 }, () => mintKey().key);
    for (const key of keys) {
      expect(key).toMatch(/^rk_[\w-]{43}$/);
      expect(Buffer.from(key.slice(3), 'base64url')).toHaveLength(32);
    }
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is good for everything unless scopes are named, and stands in the apps file as its hash alone', () => {
    const { key, entry } = mintKey();
    expect(entry).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(read(entry)).toEqual([{ hash: hashSecret(key), scopes: ['counts', 'read', 'write', 'admin'] }]);
  });

  it('has the scopes and the name that it was given', () => {
    const { key, entry } = mintKey({ name: 'wallboard', scopes: 'read, counts,read' });
    expect(JSON.stringify(entry)).not.toContain(key);
    expect(read(entry)).toEqual([{ hash: hashSecret(key), scopes: ['counts', 'read'], name: 'wallboard' }]);
    expect(read(mintKey({ name: 'all' }).entry)).toMatchObject([{ name: 'all', scopes: { length: 4 } }]);
  });

  it.each([{ scopes: '' }, { scopes: 'root' }, { scopes: 'read,' }, { name: '' }, { name: 'a\nb' }])(
    'is not made of %j',
    (wrong) => expect(() => mintKey(wrong)).toThrow(MintError),
  );
});
