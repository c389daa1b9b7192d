import { z } from 'zod';
import { hashSecret } from './secret-hash';

const PREFIX = /^sha256:/i;
const DIGITS = /^[0-9a-f]{64}$/i;

/** A key or a token as the apps file has it, in the clear or as `sha256:<hash>`; what becomes of it is the hash. */
export const writtenSecret = z
  .string()
  .min(1)
  .max(4096)
  .superRefine((text, context) => {
    const fault = secretFault(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  })
  .transform((text) => (PREFIX.test(text) ? Buffer.from(text.replace(PREFIX, ''), 'hex') : hashSecret(text)));

function secretFault(text: string): string | undefined {
  // Taken for a secret, a hash would let in whoever reads the file, and keep out who has what it was made from.
  if (DIGITS.test(text))
    return 'is 64 hexadecimal digits, which may be a hash: write "sha256:" before a hash, or the hash of a secret that looks like this';
  if (!PREFIX.test(text) || DIGITS.test(text.replace(PREFIX, ''))) return undefined;
  return 'must be followed by 64 hexadecimal digits when it begins with "sha256:"';
}
