/** What is wrong with a URL of which `namesNoDatabase` is not true. */
export const DATABASE_NAMED =
  'a database other than 0 or a query behind the address, which keeps no deployments apart: REDIS_PREFIX does that, and must be another for each';

/** The nodes that a text with "|" between them names; `undefined` if one of them is no URL of a Redis. */
export function redisUrls(text: string): string[] | undefined {
  const urls = text.split('|').map((part) => part.trim());
  return urls.every(isRedisUrl) ? urls : undefined;
}

/** Whatever passes here the client must not stumble over: its complaint would name no variable. */
function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, hash, username, password } = new URL(text);
  const isPlain = /^(\/\d*)?$/.test(pathname) && hash === '';
  return /^rediss?:$/.test(protocol) && isPlain && [username, password].every(isEncoded);
}

/** Of a URL that passed: two deployments in two databases would hear each other, for messages know no databases. */
export function namesNoDatabase(url: string): boolean {
  const { pathname, search } = new URL(url);
  return /^\/?0*$/.test(pathname) && search === '';
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
