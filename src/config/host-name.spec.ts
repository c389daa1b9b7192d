import { hostName } from './host-name';

it('A host name is not looked for in a long text, which would take a while', () => {
  expect(hostName(`a${' '.repeat(80_000)}a`)).toBeUndefined();
  expect(hostName(`${'a'.repeat(60)}.`.repeat(5))).toBeUndefined();
});

describe('a host name', () => {
  it.each([
    ['portal.example.com', 'portal.example.com'],
    ['Portal.EXAMPLE.com', 'portal.example.com'],
    ['portal.example.com:3000', 'portal.example.com'],
    ['portal.example.com:', 'portal.example.com'],
    ['portal.example.com.', 'portal.example.com'],
    ['PORTAL.example.com.:443', 'portal.example.com'],
    [' portal.example.com ', 'portal.example.com'],
    ['localhost', 'localhost'],
    ['127.0.0.1:3000', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[::1]:3000', '[::1]'],
    ['[FE80::1]', '[fe80::1]'],
    ['my_host', 'my_host'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['a'.repeat(63), 'a'.repeat(63)],
    ['__proto__', '__proto__'],
  ])('is read from %j as %j', (header, name) => expect(hostName(header)).toBe(name));

  it.each([
    undefined,
    '',
    ' ',
    '.',
    ':3000',
    'a..b',
    '.a',
    'a.b..',
    '-a',
    'a-',
    'a b',
    'a/b',
    'a,b',
    'a@b',
    'http://a',
    'a:80:80',
    'a:port',
    'a:123456',

    'b\u0000a',
    'bücher.example',
    '*',
    '*.example.com',
    '::1',
    '[::1',
    '[::g]',
    'a'.repeat(64),
    `${'a.'.repeat(127)}aa`,
  ])('is not in %j', (header) => {
    expect(hostName(header)).toBeUndefined();
  });
});
