import { hash } from 'node:crypto';

/** The form in which API keys and opaque tokens are kept. Both are long and random, so a plain SHA-256 is enough. */
export const hashSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer');
