import { connectPacket, eventPacket, readPacket } from './packets';

describe('a packet of Engine.IO', () => {
  it.each([
    ['0{"sid":"a","pingInterval":25000}', { type: 'open' }],
    ['2', { type: 'ping' }],
    ['6', { type: 'other' }],
    ['', { type: 'other' }],
    ['40{"sid":"b"}', { type: 'connected' }],
    ['41', { type: 'disconnected' }],
    ['44{"message":"no"}', { type: 'refused', reason: '{"message":"no"}' }],
    ['42["session",{"a":[1]}]', { type: 'event', name: 'session', args: '{"a":[1]}' }],
    ['42["bare"]', { type: 'event', name: 'bare', args: '' }],
    ['427["asked","x","y"]', { type: 'event', name: 'asked', args: '"x","y"' }],
    ['42["lines","a\nb"]', { type: 'event', name: 'lines', args: '"a\nb"' }],
    ['4312[{"ok":true}]', { type: 'acknowledgement', id: 12, args: '{"ok":true}' }],
    ['430[]', { type: 'acknowledgement', id: 0, args: '' }],
  ])('is read: %s', (text, packet) => expect(readPacket(text)).toEqual(packet));

  it('is written', () => {
    expect(connectPacket({ token: 'a' })).toBe('40{"token":"a"}');
    expect(eventPacket(7, 'channel:join', { channel: 'a' })).toBe('427["channel:join",{"channel":"a"}]');
  });
});
