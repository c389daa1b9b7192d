/** Stands in a pattern for the id of whoever is asking. */
export const USER_ID = '{userId}';

/**
 * Whether a name fits a pattern: `*` is any run of characters, also none, `{userId}` is the caller's id, and all else
 * is itself. It never steps back, so what clients make up costs no more than its length; an id is taken as it is, also
 * one that is an asterisk. A pattern with `{userId}` fits nothing for a caller without one.
 */
export function fitsPattern(pattern: string, name: string, userId: string | null): boolean {
  const literal = lengthOfLiteral(pattern);
  if (literal === pattern.length) return name === pattern;
  // Most patterns do not fit most names, and show it here: a token may grant a thousand, for each of a hundred channels.
  for (let at = 0; at < literal; at += 1) if (name.charCodeAt(at) !== pattern.charCodeAt(at)) return false;
  if (userId === null && pattern.includes(USER_ID)) return false;
  const parts = pattern.split('*').map((part) => part.split(USER_ID).join(userId ?? ''));
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return name === first;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  // The first place where a part fits leaves most room for those behind it.
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** How much of a pattern stands for itself, before anything in it does not. */
function lengthOfLiteral(pattern: string): number {
  const [run, id] = [pattern.indexOf('*'), pattern.indexOf(USER_ID)];
  return Math.min(run < 0 ? pattern.length : run, id < 0 ? pattern.length : id);
}
