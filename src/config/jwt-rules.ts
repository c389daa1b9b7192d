import { z } from 'zod';
import { type JwtRules, KEYS_TRIED_MAX } from './app';
import { algorithmsOf, isWrittenKey, readPublicKey, type WrittenKey } from './public-key';

const SHARED = ['HS256', 'HS384', 'HS512'] as const;
const SIGNED = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
] as const;

/** No login signs with more at one time. */
const KEYS_MAX = 16;

/** A larger difference between clocks is a fault to mend. */
const LEEWAY_MAX_SECONDS = 60;

/** Ten years: longer is no limit at all. */
const AGE_MAX_SECONDS = 315_360_000;

const written = z.strictObject({
  algorithms: z.array(z.enum([...SHARED, ...SIGNED])).min(1),
  secret: z.string().min(1).max(4096).optional(),
  publicKeys: z
    .array(z.union([z.string(), z.record(z.string(), z.unknown())], { error: 'must be PEM text or a JWK' }))
    .min(1)
    .max(KEYS_MAX)
    .optional(),
  jwksUrl: z.string().optional(),
  jwksAllowHttp: z.boolean().default(false),
  issuer: z.string().min(1).max(2048).optional(),
  audience: z.string().min(1).max(2048).optional(),
  leewaySeconds: z.number().int().min(0).max(LEEWAY_MAX_SECONDS).default(5),
  maxAgeSeconds: z.number().int().min(1).max(AGE_MAX_SECONDS).optional(),
});

type Written = z.output<typeof written>;
type Fault = (field: keyof Written, message: string, ...at: number[]) => void;

/**
 * How an app's JWTs are checked. A secret goes with HS algorithms, keys go with the others, and never both in one app:
 * so no public key can be taken for a secret, whatever a token says of itself.
 */
export const jwtRules = written
  .superRefine((jwt, context) => {
    const fault: Fault = (field, message, ...at) => context.addIssue({ code: 'custom', path: [field, ...at], message });
    if (jwt.algorithms.length === 0) return;
    const shared = jwt.algorithms.filter((algorithm) => SHARED.some((one) => one === algorithm));
    if (shared.length === 0) return checkKeys(jwt, fault);
    if (shared.length < jwt.algorithms.length) {
      return fault('algorithms', 'must be HS algorithms, which share a secret, or others, which have keys: never both');
    }
    checkSecret(jwt, fault);
  })
  .transform(compile);

const IS_KEY =
  'is a key or a certificate, in whatever form, not a secret: it must be random text that nobody knows but the login ' +
  'and this service. An app whose login signs with a key has "publicKeys" or "jwksUrl", and no HS algorithms';

function checkSecret({ secret, publicKeys, jwksUrl }: Written, fault: Fault): void {
  if (publicKeys !== undefined) fault('publicKeys', 'must not be there with HS algorithms, which take a secret');
  if (jwksUrl !== undefined) fault('jwksUrl', 'must not be there with HS algorithms, which take a secret');
  if (secret === undefined) return fault('secret', 'is missing: HS algorithms need one');
  // Everybody may know a public key, so everybody could sign with it.
  if (isWrittenKey(secret)) fault('secret', IS_KEY);
}

function checkKeys(jwt: Written, fault: Fault): void {
  const { secret, publicKeys, jwksUrl, issuer } = jwt;
  if (secret !== undefined) fault('secret', 'must not be there with algorithms that take keys');
  if (publicKeys !== undefined && jwksUrl !== undefined) return fault('jwksUrl', 'must not be there with publicKeys');
  if (publicKeys !== undefined) {
    checkPublicKeys(jwt, publicKeys, fault);
    return checkTried(jwt, publicKeys, fault);
  }
  if (jwksUrl === undefined) return fault('publicKeys', 'is missing, and so is jwksUrl: one of them must be there');
  const wrong = urlFault(jwksUrl, jwt.jwksAllowHttp);
  if (wrong !== undefined) fault('jwksUrl', wrong);
  if (issuer === undefined) fault('issuer', 'is missing: with jwksUrl it must be there');
}

function checkPublicKeys({ algorithms }: Written, publicKeys: readonly WrittenKey[], fault: Fault): void {
  const usable = new Set<string>();
  let sound = publicKeys.length > 0;
  publicKeys.forEach((one, at) => {
    const key = readPublicKey(one);
    const fitting = typeof key === 'string' ? [] : algorithmsOf(key, algorithms);
    for (const algorithm of fitting) usable.add(algorithm);
    if (fitting.length > 0) return;
    sound = false;
    fault('publicKeys', typeof key === 'string' ? key : `fits none of ${algorithms.join(', ')}`, at);
  });
  for (const algorithm of algorithms) {
    if (sound && !usable.has(algorithm)) fault('algorithms', `${algorithm} has no key that fits it`);
  }
}

const NOT_TRIED =
  `would not be tried: ${KEYS_TRIED_MAX} keys of the same algorithm and "kid", or without one, are before it. ` +
  'Write it as a JWK with a "kid" of its own, which its tokens name';

/** Keys that no token could mean. */
function checkTried({ algorithms }: Written, publicKeys: readonly WrittenKey[], fault: Fault): void {
  const alike = new Map<string, number>();
  publicKeys.forEach((one, at) => {
    const key = readPublicKey(one);
    if (typeof key === 'string') return;
    const counts = algorithmsOf(key, algorithms).map((algorithm) => {
      const name = JSON.stringify([algorithm, key.kid]);
      const count = (alike.get(name) ?? 0) + 1;
      alike.set(name, count);
      return count;
    });
    if (Math.max(0, ...counts) > KEYS_TRIED_MAX) fault('publicKeys', NOT_TRIED, at);
  });
}

function urlFault(text: string, allowHttp: boolean): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL such as "https://login.example.com/jwks.json"';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return 'must have no user, password or fragment';
  if (protocol === 'https:' || (protocol === 'http:' && (allowHttp || isLoopback(hostname)))) return undefined;
  return 'must begin with https://, or name this machine, or stand beside "jwksAllowHttp": true';
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);

function compile({ secret, publicKeys, jwksUrl, jwksAllowHttp: _, ...rules }: Written): JwtRules {
  return { ...rules, keys: compileKeys(secret, publicKeys, jwksUrl) };
}

function compileKeys(
  secret: string | undefined,
  publicKeys: readonly WrittenKey[] | undefined,
  jwksUrl: string | undefined,
): JwtRules['keys'] {
  if (secret !== undefined) return { from: 'secret', secret: new TextEncoder().encode(secret) };
  if (jwksUrl !== undefined) return { from: 'url', url: new URL(jwksUrl).href };
  const read = (publicKeys ?? []).map(readPublicKey);
  return { from: 'list', keys: read.filter((key) => typeof key !== 'string') };
}
