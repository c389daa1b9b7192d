import { nameFault } from '@rollcall/contract';
import { z } from 'zod';
import { type ApiKey, KEY_SCOPES } from './app';
import { hashSecret } from './secret-hash';

const key = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.startsWith('sha256:') || /^sha256:[0-9a-fA-F]{64}$/.test(text), {
    message: 'must be followed by 64 hexadecimal digits when it begins with "sha256:"',
  });

const described = z.strictObject({
  key,
  scopes: z
    .array(z.enum(KEY_SCOPES))
    .min(1)
    .refine((scopes) => new Set(scopes).size === scopes.length, { message: 'must name each scope once' }),
  name: z
    .string()
    .superRefine((text, context) => {
      const fault = nameFault(text);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .optional(),
});

/** One of an app's API keys as the file has it: a text, good for everything, or an object that says for what. */
export type WrittenKey = string | z.input<typeof described>;

/** A union would only say that neither form fits; this says what is wrong with the one that was meant. */
export const apiKeyEntry = z
  .custom<WrittenKey>(() => true)
  .transform((written, context): ApiKey => {
    const parsed =
      typeof written === 'string'
        ? key.transform((text) => ({ key: text, scopes: [...KEY_SCOPES] })).safeParse(written)
        : described.safeParse(written);
    if (parsed.success) {
      const { key: text, ...rest } = parsed.data;
      return { ...rest, hash: text.startsWith('sha256:') ? Buffer.from(text.slice(7), 'hex') : hashSecret(text) };
    }
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });
