import { nameFault } from '@rollcall/contract';
import { type Role, ROLES, type UserClaims } from '@rollcall/roster';
import type { JWTPayload } from 'jose';
import { CHANNEL_ACTS, type ChannelAct, type Granted } from '../config/channel-rules';

/** What a token of the app's own signing says its bearer may do; what it means is up to the app's rules. */
export interface Grants {
  readonly role?: string;
  /** Absent: the token says nothing of channels. Empty: it grants none, or says so in a way that cannot be read. */
  readonly channels?: readonly Granted[];
}

/** One for all: few tokens say anything of this. */
export const NO_GRANTS: Grants = Object.freeze({});

/** Who a token says its bearer is, and for how long. */
export interface Identity {
  readonly id: string;
  readonly claims: UserClaims | null;
  /** The role that a token of the app's own signing names; the profile's word comes first. */
  readonly claimedRole?: Role;
  readonly grants: Grants;
  /** The id of a JWT that has one. */
  readonly jti?: string;
  /** Absent: nobody has noted it, so it counts as issued before anything else. */
  readonly issuedAtMs?: number;
  /** Absent: the token does not expire by itself. */
  readonly expiresAtMs?: number;
  /** `expiresAtMs`, and what clocks may be apart: until then the token is good. */
  readonly goodUntilMs?: number;
  /** The latest revocation that the token was held against; 0: there was none. */
  readonly checkedAgainstMs: number;
}

/** More of them, or longer ones, would only cost memory for as long as the connection lasts. */
const GRANTED_CHANNELS_MAX = 1000;

export function claimsOf({ email, username, name }: JWTPayload): UserClaims {
  return { email: textOf(email, 320), username: textOf(username, 255), name: textOf(name, 255) };
}

export const roleOf = ({ role }: JWTPayload): Role | undefined => ROLES.find((one) => one === role);

export function grantsOf({ role, channels }: JWTPayload): Grants {
  const named = textOf(role, 255);
  if (named === undefined && channels === undefined) return NO_GRANTS;
  return { role: named, channels: channels === undefined ? undefined : channelsOf(channels) };
}

/**
 * A list of patterns, each for all acts, or an object of acts by pattern. What cannot be read grants nothing: taken for
 * absent it might grant everything.
 */
function channelsOf(channels: unknown): readonly Granted[] {
  if (typeof channels !== 'object' || channels === null) return [];
  const written: readonly (readonly [unknown, unknown])[] = Array.isArray(channels)
    ? channels.map((pattern) => [pattern, CHANNEL_ACTS])
    : Object.entries(channels);
  if (written.length > GRANTED_CHANNELS_MAX) return [];
  const granted = written.flatMap(([pattern, acts]) =>
    nameFault(pattern) === undefined && areActs(acts) ? [{ pattern: pattern as string, acts }] : [],
  );
  return granted.length === written.length ? granted : [];
}

const areActs = (acts: unknown): acts is readonly ChannelAct[] =>
  Array.isArray(acts) &&
  acts.length <= CHANNEL_ACTS.length &&
  acts.every((act) => CHANNEL_ACTS.includes(act as ChannelAct));

const textOf = (value: unknown, longest: number): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= longest ? value : undefined;
