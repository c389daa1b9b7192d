/** What a request to `users.presence` asks for. */
export interface PresenceQuery {
  /** Present when ids were asked for, even none that is usable. They win over `fromMs`. */
  readonly ids?: ReadonlySet<string>;
  /** Present when a readable time was given. */
  readonly fromMs?: number;
}

const IDS = /^ids(\[[^\]]*\])?$/;
const FROM = /^from(\[[^\]]*\])?$/;

/**
 * Reads the raw query of a URL. `ids` comes as one value, with commas, repeated, as `ids[]=` or as `ids[0]=`, and as
 * any mixture of these: clients of several generations send them all. Other parameters are ignored.
 */
export function readPresenceQuery(url: string): PresenceQuery {
  const question = url.indexOf('?');
  const parameters = [...new URLSearchParams(question < 0 ? '' : url.slice(question + 1))];
  const ids = parameters.filter(([name]) => IDS.test(name));
  const from = parameters.filter(([name]) => FROM.test(name)).map(([, value]) => value);
  const fromMs = from.length === 1 ? parseTime(from[0] ?? '') : undefined;
  return {
    ...(asksForIds(ids) ? { ids: splitIds(ids.map(([, value]) => value)) } : {}),
    ...(fromMs === undefined ? {} : { fromMs }),
  };
}

/** A lone empty `ids=` is what a form sends for nothing; an empty list in any other shape asks for nobody. */
function asksForIds(ids: readonly (readonly [name: string, value: string])[]): boolean {
  return ids.length > 1 || ids.some(([name, value]) => name !== 'ids' || value !== '');
}

function splitIds(values: readonly string[]): Set<string> {
  const ids = values.flatMap((value) => value.split(',')).map((id) => id.trim());
  return new Set(ids.filter((id) => id !== ''));
}

const ISO_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|[+ -]\d{2}:?(?:\d{2})?)?$/i;

/** A date or a bare number: what `Date` makes of it does not depend on where this process runs, or is long ago. */
const WITHOUT_TIME = /^[+-]?\d*(?:-\d{2}){0,2}$/;

const ZONE_AT_END = /(?:\b(?:Z|UTC?|GMT|[ECMP][SD]T)|\dZ|:\d{2}\S* ?(?:GMT|UTC)?[+-]\d{1,2}:?\d{2}(?: \([^)]*\))?)$/i;

/** A zone whose `+` became a space. None is more than 14 hours ahead, so that no year is taken for one. */
const LOST_PLUS = /(:\d{2}\S* ?(?:GMT|UTC)?) ((?:0\d|1[0-4]):?[0-5]\d)(?= \(|$)/i;

/** No way of writing a time is longer. The patterns above may step back, so what a client makes up must be short. */
const TIME_MAX_LENGTH = 100;

/**
 * A time as ISO 8601 or as `Date` reads it, in ms, or `undefined` for what nobody can read. Without a zone it is UTC.
 * A `+` that was not escaped arrives as a space, and is read as it was meant.
 */
export function parseTime(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > TIME_MAX_LENGTH) return undefined;
  const iso = ISO_TIME.exec(trimmed);
  const readable =
    iso === null ? withZone(trimmed) : `${iso[1]}T${(iso[2] ?? '').replace(',', '.')}${zoneOf(iso[3] ?? 'Z')}`;
  const ms = Date.parse(readable);
  return Number.isNaN(ms) ? undefined : ms;
}

function zoneOf(zone: string): string {
  const [, sign = '', hours = '', minutes = ''] = /^([+ -])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  if (hours === '') return 'Z';
  return `${sign === ' ' ? '+' : sign}${hours}:${minutes === '' ? '00' : minutes}`;
}

function withZone(text: string): string {
  if (WITHOUT_TIME.test(text)) return text;
  const meant = text.replace(LOST_PLUS, '$1+$2');
  return ZONE_AT_END.test(meant) ? meant : `${meant} UTC`;
}
