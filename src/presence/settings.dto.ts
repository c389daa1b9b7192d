import { ApiProperty } from '@nestjs/swagger';
import { AppError } from '@rollcall/contract';

export class PresenceSettingsDto {
  @ApiProperty({
    example: false,
    description:
      '`users.presence` answers an empty list, whatever is asked. Statuses are kept and can be asked for one by one.',
  })
  readonly broadcastDisabled: boolean;
}

export class SettingsDto {
  @ApiProperty({ type: PresenceSettingsDto })
  readonly presence: PresenceSettingsDto;
}

/** As much of a name that nobody knows is told back. */
const STRANGER_MAX_LENGTH = 100;

type Fields = Readonly<Record<string, unknown>>;

/** @throws AppError BAD_REQUEST that names the field at fault: a setting that is misspelt must not pass for set. */
export function settingsIn(body: unknown): SettingsDto {
  if (body !== undefined && !isObject(body)) throw new AppError('BAD_REQUEST', 'The body must be a JSON object.');
  const { presence } = only(body ?? {}, ['presence', 'apiKey']);
  if (!isObject(presence)) throw fault('presence', 'must be an object, as {"broadcastDisabled": true}');
  const { broadcastDisabled } = only(presence, ['broadcastDisabled'], 'presence.');
  if (typeof broadcastDisabled !== 'boolean') throw fault('presence.broadcastDisabled', 'must be true or false');
  return { presence: { broadcastDisabled } };
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function only(fields: Fields, known: readonly string[], path = ''): Fields {
  const stranger = Object.keys(fields)
    .find((name) => !known.includes(name))
    ?.slice(0, STRANGER_MAX_LENGTH);
  if (stranger === undefined) return fields;
  throw new AppError('BAD_REQUEST', `There is no setting ${JSON.stringify(path + stranger)}.`, path + stranger);
}

const fault = (field: string, reason: string): AppError => new AppError('BAD_REQUEST', `${field} ${reason}.`, field);
