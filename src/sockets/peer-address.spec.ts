import { peerAddress } from './peer-address';

const REMOTE = '10.0.0.1';
const from = (remote: string): string => peerAddress({}, remote, false);

describe('The address that a connection is counted under', () => {
  it('is that of its socket, whatever it says, unless a proxy is trusted', () => {
    expect(peerAddress({ 'x-forwarded-for': '1.2.3.4' }, REMOTE, false)).toBe(REMOTE);
    expect(peerAddress({ 'x-forwarded-for': '1.2.3.4' }, REMOTE, true)).toBe('1.2.3.4');
    expect(peerAddress({}, REMOTE, true)).toBe(REMOTE);
    expect(peerAddress({ 'x-forwarded-for': ' ' }, REMOTE, true)).toBe(REMOTE);
  });

  it('is what the proxy has written, and not what the client had before', () => {
    expect(peerAddress({ 'x-forwarded-for': '6.6.6.6, 1.2.3.4' }, REMOTE, true)).toBe('1.2.3.4');
  });

  it.each([
    ['1.2.3.4:5678', '1.2.3.4'],
    ['[2001:db8:1:2::3]:5678', '2001:db8:1:2'],
    ['[2001:db8:1:2::3]', '2001:db8:1:2'],
    ['unknown:80', 'unknown:80'],
    ['1.2.3.4.5:80', '1.2.3.4.5:80'],
  ])('leaves out the port of %s', (written, network) => {
    expect(peerAddress({ 'x-forwarded-for': written }, REMOTE, true)).toBe(network);
  });

  it.each([
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::', '2001:db8:1:2'],
    ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0'],
  ])('is for %s %s', (address, network) => {
    expect(from(address)).toBe(network);
  });
});
