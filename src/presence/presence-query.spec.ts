import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseTime, readPresenceQuery } from './presence-query';

const TEN = Date.UTC(2026, 10, 20, 10);

const idsOf = (query: string): string[] | undefined => {
  const { ids } = readPresenceQuery(`/api/v1/users.presence?${query}`);
  return ids === undefined ? undefined : [...ids];
};
const fromOf = (query: string): number | undefined => readPresenceQuery(`/api/v1/users.presence?${query}`).fromMs;

describe('the time of `from`', () => {
  it.each([
    ['ISO with Z', '2026-11-20T10:00:00Z'],
    ['milliseconds', '2026-11-20T10:00:00.000Z'],
    ['nanoseconds', '2026-11-20T10:00:00.000000000Z'],
    ['more digits than anybody needs', '2026-11-20T10:00:00.000000000000000Z'],
    ['comma decimals', '2026-11-20T10:00:00,000Z'],
    ['no seconds', '2026-11-20T10:00Z'],
    ['no zone', '2026-11-20T10:00:00'],
    ['neither seconds nor zone', '2026-11-20T10:00'],
    ['a space for the T', '2026-11-20 10:00:00Z'],
    ['lower case', '2026-11-20t10:00:00z'],
    ['spaces around', ' 2026-11-20T10:00:00Z '],
    ['an escaped plus', '2026-11-20T12:00:00%2B02:00'],
    ['a raw plus', '2026-11-20T12:00:00+02:00'],
    ['a raw plus without a colon', '2026-11-20T12:00:00+0200'],
    ['a raw plus with hours alone', '2026-11-20T12:00:00+02'],
    ['a raw plus without seconds', '2026-11-20T12:00+02:00'],
    ['a raw plus after milliseconds', '2026-11-20T12:00:00.000+02:00'],
    ['half hours', '2026-11-20T15:30:00+05:30'],
    ['a zone west of UTC', '2026-11-20T05:00:00-05:00'],
    ['an escaped colon', '2026-11-20T10%3A00%3A00Z'],
    ['RFC 1123', 'Fri, 20 Nov 2026 10:00:00 GMT'],
    ['RFC 1123 with pluses for spaces', 'Fri,+20+Nov+2026+10:00:00+GMT'],
    ['RFC 2822', 'Fri, 20 Nov 2026 12:00:00 %2B0200'],
    ['RFC 2822 with a raw plus', 'Fri, 20 Nov 2026 12:00:00 +0200'],
    ['Date.toString with a raw plus', 'Fri Nov 20 2026 12:00:00 GMT+0200 (Central European Standard Time)'],
    ['asctime', 'Fri Nov 20 10:00:00 2026'],
    ['asctime with pluses for spaces', 'Fri+Nov+20+10:00:00+2026'],
    ['English without a zone', 'November 20, 2026 10:00'],
    ['the twelve-hour clock', '11/20/2026 10:00 AM'],
    ['a North American zone', 'Fri, 20 Nov 2026 05:00:00 EST'],
  ])('is read from %s', (_what, text) => {
    expect(fromOf(`from=${text}`)).toBe(TEN);
  });

  it('keeps milliseconds', () => {
    expect(fromOf('from=2019-05-22T12:11:45.392Z')).toBe(Date.UTC(2019, 4, 22, 12, 11, 45, 392));
    expect(fromOf('from=2026-11-20T10:00:00,25Z')).toBe(TEN + 250);
  });

  it('is midnight UTC for a date alone', () => {
    expect(fromOf('from=2026-11-20')).toBe(Date.UTC(2026, 10, 20));
    expect(fromOf('from=20 Nov 2026')).toBe(Date.UTC(2026, 10, 20));
  });

  it.each(['1700000000000', '1763632800', 'null', 'undefined', 'true', 'NaN', 'abc', 'T', ':', '%20', '%', '%zz'])(
    'cannot be read from %s',
    (text) => expect(fromOf(`from=${text}`)).toBeUndefined(),
  );

  it.each(['2026-13-01T00:00:00Z', '2026-11-20T25:00:00Z', '2026-11-20T10:00:00+99:99', '2026-11-20T10', '1e3'])(
    'is nothing for what looks like a time and is none: %s',
    (text) => expect(fromOf(`from=${text}`)).toBeUndefined(),
  );

  it.each(['2024', '0', '-1'])('is a year long ago for %s', (text) => {
    expect(fromOf(`from=${text}`)).toBeLessThan(Date.UTC(2024, 0, 2));
  });

  it('is absent when it is empty or not there', () => {
    for (const query of ['', 'from=', 'from', 'from=%20', 'FROM=2026-11-20', 'from2=2026-11-20']) {
      expect(readPresenceQuery(`/x?${query}`)).toEqual({});
    }
    expect(readPresenceQuery('/x')).toEqual({});
  });

  it('is read from a list of one, and from no longer list', () => {
    expect(fromOf('from[]=2026-11-20')).toBe(Date.UTC(2026, 10, 20));
    expect(fromOf('from[0]=2026-11-20')).toBe(Date.UTC(2026, 10, 20));
    expect(fromOf('from=2026-11-20&from=2026-11-20')).toBeUndefined();
    expect(fromOf('from[]=2026-11-20&from[]=2026-11-20')).toBeUndefined();
    expect(fromOf('from=2026-11-20&from[]=')).toBeUndefined();
  });

  it.each(['Asia/Tokyo', 'America/New_York'])('is UTC without a zone, also where the process runs in %s', (zone) => {
    const texts = ['2026-11-20T10:00', '2026-11-20 10:00:00', 'Fri Nov 20 10:00:00 2026', '2026-11-20', '20 Nov 2026'];
    const expected = texts.map((text) => parseTime(text));

    expect(timesInZone(zone, texts)).toEqual(expected);
    expect(expected.slice(0, 3)).toEqual([TEN, TEN, TEN]);
  });
});

describe('`ids`', () => {
  it.each([
    ['one', 'ids=a', ['a']],
    ['a list with commas', 'ids=a,b', ['a', 'b']],
    ['escaped commas', 'ids=a%2Cb', ['a', 'b']],
    ['repetition', 'ids=a&ids=b', ['a', 'b']],
    ['brackets', 'ids[]=a&ids[]=b', ['a', 'b']],
    ['escaped brackets', 'ids%5B%5D=a&ids%5B%5D=b', ['a', 'b']],
    ['indexes', 'ids[0]=a&ids[1]=b', ['a', 'b']],
    ['names in brackets', 'ids[x]=a', ['a']],
    ['commas in brackets', 'ids[]=a,b', ['a', 'b']],
    ['every mixture', 'ids=a,b&ids=c&ids[]=d&ids[7]=e,f&ids%5B%5D=g', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    ['spaces around', 'ids=%20a,+b+', ['a', 'b']],
    ['holes', 'ids=,a,,b,', ['a', 'b']],
    ['duplicates', 'ids=a,b,a&ids[]=b', ['a', 'b']],
    ['other parameters between', 'wtf=&ids=a&foo=1&ids=b&ids2=c&xids=d', ['a', 'b']],
    [
      'names of prototypes',
      'ids=__proto__,constructor&ids[__proto__]=toString',
      ['__proto__', 'constructor', 'toString'],
    ],
    ['characters of all kinds', 'ids=%F0%9F%A6%8A,rocket.cat,a/b', ['🦊', 'rocket.cat', 'a/b']],
    ['a percent sign that escapes nothing', 'ids=100%,%zz', ['100%', '%zz']],
    ['bytes that are no UTF-8', 'ids=%ff,a', ['\ufffd', 'a']],
  ])('takes %s', (_what, query, expected) => {
    expect(idsOf(query)).toEqual(expected);
  });

  it.each(['', 'ids', 'ids=', 'IDS=a', 'id=a', 'ids[=a', '__proto__=a', '__proto__[ids]=a'])(
    'is absent in "%s"',
    (query) => expect(idsOf(query)).toBeUndefined(),
  );

  it.each(['ids=,', 'ids=%20', 'ids[]=', 'ids=&ids=', 'ids[]=&ids[]=', 'ids[0]='])(
    'asks for nobody in "%s"',
    (query) => {
      expect(idsOf(query)).toEqual([]);
    },
  );

  it('takes thousands of them in each shape', () => {
    const many = Array.from({ length: 4000 }, (_, at) => `user-${at}`);

    expect(idsOf(`ids=${many.join(',')}`)).toEqual(many);
    expect(idsOf(many.map((id) => `ids=${id}`).join('&'))).toEqual(many);
    expect(idsOf(many.map((id) => `ids[]=${id}`).join('&'))).toEqual(many);
    expect(idsOf(many.map((id, at) => `ids[${at}]=${id}`).join('&'))).toEqual(many);
  });

  it('stands beside `from`, each read for itself', () => {
    expect(readPresenceQuery('/x?from=2026-11-20&ids=a')).toEqual({
      ids: new Set(['a']),
      fromMs: Date.UTC(2026, 10, 20),
    });
    expect(readPresenceQuery('/x?ids=&from=2026-11-20')).toEqual({ fromMs: Date.UTC(2026, 10, 20) });
  });

  it('takes a question mark for what it is after the first', () => {
    expect(idsOf('ids=a?b')).toEqual(['a?b']);
  });
});

describe('A time that nobody would write', () => {
  it.each([
    ['of zones without end', `${':00'.repeat(20_000)}x`],
    ['of spaces', `2019-05-22T12:11${' '.repeat(60_000)}x`],
    ['that is a time and a long remark', `Wed May 22 2019 12:11:45 GMT+0000 (${'x'.repeat(100)})`],
  ])('%s is no time, and is not looked at for long', (_what, text) => {
    const begunMs = performance.now();
    expect(parseTime(text)).toBeUndefined();
    expect(performance.now() - begunMs).toBeLessThan(50);
  });

  it('may name its zone in full', () => {
    const text = 'Wed May 22 2019 12:11:45 GMT+0200 (Central European Summer Time)';
    expect(parseTime(text)).toBe(Date.UTC(2019, 4, 22, 10, 11, 45));
  });
});

/** The zone is fixed when a process begins, so another process reads the texts. */
function timesInZone(zone: string, texts: readonly string[]): unknown {
  const script = `
    const { transformFileSync } = require('@swc/core');
    const { code } = transformFileSync(process.argv[1], {
      swcrc: false, module: { type: 'commonjs' }, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    });
    const module_ = { exports: {} };
    new Function('exports', 'module', code)(module_.exports, module_);
    process.stdout.write(JSON.stringify(JSON.parse(process.argv[2]).map(module_.exports.parseTime)));`;
  const file = join(__dirname, 'presence-query.ts');
  const output = execFileSync(process.execPath, ['-e', script, file, JSON.stringify(texts)], {
    env: { ...process.env, TZ: zone },
    encoding: 'utf8',
  });
  return JSON.parse(output);
}
