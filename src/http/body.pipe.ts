import { Injectable, type PipeTransform } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { getMetadataStorage, validateSync } from 'class-validator';

type Dto<Body extends object> = new () => Body;

/**
 * Checks a JSON body against its DTO. The DTO gets the fields that it declares and no others, taken from the body's own
 * properties, so that no name a client chooses can reach a prototype.
 *
 * @throws AppError BAD_REQUEST that names the first field at fault and the reason.
 */
@Injectable()
export class BodyPipe<Body extends object> implements PipeTransform<unknown, Body> {
  private readonly fields: readonly (keyof Body & string)[];

  constructor(private readonly dto: Dto<Body>) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
    this.fields = [...new Set(rules.map((rule) => rule.propertyName as keyof Body & string))];
  }

  transform(body: unknown): Body {
    const given = body ?? {};
    if (typeof given !== 'object' || Array.isArray(given) || body === null) {
      throw new AppError('BAD_REQUEST', 'The body must be a JSON object.');
    }
    const dto = new this.dto();
    for (const field of this.fields) {
      const value: unknown = Object.hasOwn(given, field) ? (given as Body)[field] : undefined;
      if (value !== undefined) dto[field] = value as Body[typeof field];
    }
    // The validator takes a class without rules for a mistake.
    const [fault] = this.fields.length === 0 ? [] : validateSync(dto);
    if (fault === undefined) return dto;
    const [reason = `${fault.property} is not valid`] = Object.values(fault.constraints ?? {});
    throw new AppError('BAD_REQUEST', `${reason}.`, fault.property);
  }
}
