import { nameFault } from '@rollcall/contract';
import { z } from 'zod';
import { fitsPattern, USER_ID } from './name-pattern';

/** What connections do with channels, and may be kept from. */
export const CHANNEL_ACTS = ['join', 'watch', 'send'] as const;
export type ChannelAct = (typeof CHANNEL_ACTS)[number];

const WHO = ['anyone', 'users', 'claimed', 'nobody'] as const;

/** Who may act; a list is of roles, any of which will do. */
export type WhoMay = (typeof WHO)[number] | readonly string[];

export interface ChannelRule extends Readonly<Record<ChannelAct, WhoMay>> {
  readonly pattern: string;
}

/** Channels, by a pattern, that a token lets its bearer do something with. */
export interface Granted {
  readonly pattern: string;
  readonly acts: readonly ChannelAct[];
}

/** Who wants to act, as far as the rules look at it. */
export interface Actor {
  readonly userId: string;
  readonly role: string;
  readonly granted: readonly Granted[];
}

const pattern = z.string().superRefine((value, context) => {
  const fault = nameFault(value) ?? braceFault(value);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});
const role = z.string().min(1).max(255);
const who = z
  .union([z.enum(WHO), z.array(role).min(1).max(100)], {
    error: `must be ${WHO.map((word) => JSON.stringify(word)).join(', ')} or a list of roles`,
  })
  .default('anyone');

/** With a slip in it the rule would fit no channel and so guard none: where no rule fits, anyone may. */
function braceFault(text: string): string | undefined {
  if (!text.split(USER_ID).some((rest) => /[{}]/.test(rest))) return undefined;
  return `is ${JSON.stringify(text)}, but must have braces in "${USER_ID}" alone, written exactly so`;
}

/** As the apps file has them. */
export const channelRules = z.array(z.strictObject({ pattern, join: who, watch: who, send: who })).max(1000);

/**
 * Whether the rules let somebody (`null`: an anonymous connection) act on a channel. The first rule whose pattern fits
 * decides; where none does, anyone may.
 */
export function mayAct(rules: readonly ChannelRule[], act: ChannelAct, channel: string, actor: Actor | null): boolean {
  const rule = rules.find((one) => fitsPattern(one.pattern, channel, actor?.userId ?? null));
  const allowed = rule?.[act] ?? 'anyone';
  if (allowed === 'anyone') return true;
  if (allowed === 'nobody' || actor === null) return false;
  if (allowed === 'users') return true;
  if (allowed !== 'claimed') return allowed.includes(actor.role);
  return actor.granted.some(({ pattern, acts }) => acts.includes(act) && fitsPattern(pattern, channel, actor.userId));
}
