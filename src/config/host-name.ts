const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const DNS_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/;

/** Longer than any host name with a port. */
export const ADDRESS_MAX_LENGTH = 300;

/** A `Host` header as the name that scopes everything: lower case, no port, no final dot. `undefined`: not a host name. */
export function hostName(header: string | undefined): string | undefined {
  // Before any pattern looks at it: headers may be long.
  if (header === undefined || header.length > ADDRESS_MAX_LENGTH) return undefined;
  const name = header
    .replace(/^[ \t]+|[ \t]+$/g, '')
    .toLowerCase()
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '');
  return DNS_NAME.test(name) || IPV6.test(name) ? name : undefined;
}
