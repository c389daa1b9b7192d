import type { IncomingMessage } from 'node:http';
import { hostName } from '../config/host-name';

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * Why a request leaves open which host it is for, which decides whose rosters it may see: a proxy in front might have taken the
 * other one. `undefined`: there is but one, or none.
 */
export function hostFault({ rawHeaders, headers, url = '' }: IncomingMessage): string | undefined {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (isHost(rawHeaders[at])) hosts += 1;
  if (hosts > 1) return 'The request has more than one Host header.';
  if (!ABSOLUTE.test(url) || headers.host === undefined) return undefined;
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const host = hostName(headers.host);
  const isNamed = target?.username === '' && target.password === '' && host !== undefined;
  const isOne = isNamed && hostName(target.host) === host;
  return isOne ? undefined : 'The request names one host in its target and another one in its Host header.';
}

const isHost = (name = ''): boolean => name.length === 4 && name.toLowerCase() === 'host';
