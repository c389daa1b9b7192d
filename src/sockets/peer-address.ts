import type { IncomingHttpHeaders } from 'node:http';
import { isIP, isIPv6 } from 'node:net';

/** Of an IPv6 address so much names a household or a machine; the rest its owner picks at will. */
const IPV6_GROUPS = 4;

/**
 * Whom connections from one place are counted under: an IPv4 address, or the first 64 bits of an IPv6 one. Behind a
 * proxy that is trusted it is the last address of `X-Forwarded-For`, for that one the proxy has written itself; those
 * before it are what the client says.
 */
export function peerAddress(headers: IncomingHttpHeaders, remoteAddress: string, trustProxy: boolean): string {
  const forwarded = trustProxy ? [headers['x-forwarded-for'] ?? []].flat().join(',') : '';
  const last = forwarded.split(',').at(-1)?.trim();
  return networkOf(withoutPort(last || remoteAddress));
}

/** Some proxies write the port as well, and each connection has another one. */
function withoutPort(written: string): string {
  const [, inBrackets, bare] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(written) ?? [];
  const address = inBrackets ?? bare;
  return address !== undefined && isIP(address) !== 0 ? address : written;
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]?.split('::') ?? [];
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return [...front, ...zeros, ...back].slice(0, IPV6_GROUPS).join(':');
}

/** Without leading zeros; an IPv4 address at the end stands for two. */
function groupsOf(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => (group.includes('.') ? ['v4', group] : group.replace(/^0+(?=.)/, '')));
}
