import { createHash } from 'node:crypto';

/** The form in which API keys and opaque tokens are kept. Both are long and random, so a plain SHA-256 is enough. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret, 'utf8').digest();
