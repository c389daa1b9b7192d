import { nameFault } from '@rollcall/contract';
import { z } from 'zod';
import { type ApiKey, KEY_SCOPES } from './app';
import { writtenSecret } from './written-secret';

const described = z.strictObject({
  key: writtenSecret,
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
        ? writtenSecret.transform((key) => ({ key, scopes: [...KEY_SCOPES] })).safeParse(written)
        : described.safeParse(written);
    if (parsed.success) {
      const { key: hash, ...rest } = parsed.data;
      return { ...rest, hash };
    }
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });
