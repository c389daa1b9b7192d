/** Deeper values overflow the stack of what writes them out again (JSON.stringify gives up near 5,000). */
const DEPTH_MAX = 100;

/**
 * Says in words why a value cannot be passed on as JSON, or `undefined` if it can: too deep, or with binary inside.
 * Walks without recursion, because the value may be as deep as a client likes.
 */
export function jsonFault(value: unknown, depthMax = DEPTH_MAX): string | undefined {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) return `must not be nested deeper than ${depthMax} levels`;
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return 'must be JSON, without binary data';
      for (const inner of Object.values(item)) below.push(inner);
    }
    level = below;
  }
  return undefined;
}
