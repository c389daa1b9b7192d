import type { PipeTransform } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { IsBoolean, IsOptional } from 'class-validator';
import { BodyPipe } from './body.pipe';
import { IsJsonObject } from './json-object.validator';
import { IsName, IsNames, IsText } from './name.validator';

class Base {
  @IsOptional()
  @IsText(5)
  text?: string | null;
}

class Dto extends Base {
  @IsOptional()
  @IsName()
  name?: string | null;

  @IsOptional()
  @IsName({ orEmpty: true })
  nameOrEmpty?: string;

  @IsOptional()
  @IsNames(2)
  names?: string | string[];

  @IsOptional()
  @IsJsonObject()
  json?: object;

  @IsOptional()
  @IsBoolean()
  flag?: boolean | null;
}

class Strict {
  @IsName()
  name: string;
}

const pipe = new BodyPipe(Dto);

const refusalOf = (body: unknown, by: PipeTransform = pipe): { message: string; field?: string } => {
  try {
    by.transform(body, { type: 'body' });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('BAD_REQUEST');
    return { message: error.message, field: error.field };
  }
  throw new Error('It was accepted.');
};

describe('a body', () => {
  it('becomes its DTO, inherited fields included', () => {
    const body = { text: 'a', name: 'b', nameOrEmpty: '', names: ['c', 'd'], json: { e: [1] }, flag: true };
    const dto = pipe.transform(body);
    expect(dto).toBeInstanceOf(Dto);
    expect({ ...dto }).toEqual(body);
  });

  it('may be absent, and its optional fields null', () => {
    expect({ ...pipe.transform(undefined) }).toEqual({});
    expect({ ...pipe.transform({ name: null, text: null, flag: null }) }).toEqual({
      name: null,
      text: null,
      flag: null,
    });
  });

  it('gives the declared fields and no others', () => {
    const body: unknown = JSON.parse('{"name":"a","x":1,"__proto__":{"flag":true},"constructor":{"name":"y"}}');
    const dto = pipe.transform(body);

    expect(Object.keys(dto)).toEqual(['name']);
    expect(Object.getPrototypeOf(dto)).toBe(Dto.prototype);
    expect(dto.flag).toBeUndefined();
  });

  it('gives nothing of its prototype', () => {
    expect({ ...pipe.transform(Object.create({ flag: true })) }).toEqual({});
  });

  it.each([null, [], [{}], 'x', '', 5, 0, true, false])('must be an object, and is not as %j', (body) => {
    expect(refusalOf(body)).toEqual({ message: 'The body must be a JSON object.', field: undefined });
  });

  it.each([
    [{ name: 5 }, 'name must be a string.'],
    [{ name: '' }, 'name must not be empty.'],
    [{ name: 'x'.repeat(256) }, 'name must be at most 255 characters long.'],
    [{ name: 'a\u0007' }, 'name must not contain control characters.'],
    [{ nameOrEmpty: {} }, 'nameOrEmpty must be a string.'],
    [{ names: {} }, 'names must be a list of channel names.'],
    [{ names: '' }, 'names must not be empty.'],
    [{ names: [] }, 'names must name at least one channel.'],
    [{ names: ['a', 'b', 'c'] }, 'names must name at most 2 channels.'],
    [{ names: ['a', 5] }, 'names at 1 must be a string.'],
    [{ names: ['a', null] }, 'names at 1 must be a string.'],
    [{ json: [] }, 'json must be a JSON object.'],
    [{ json: 'x' }, 'json must be a JSON object.'],
    [{ flag: 'true' }, 'flag must be a boolean value.'],
    [{ text: '' }, 'text must be a string of 1 to 5 characters.'],
    [{ text: 'abcdef' }, 'text must be a string of 1 to 5 characters.'],
    [{ text: '🦊🦊🦊' }, 'text must be a string of 1 to 5 characters.'],
    [{ text: `a${'\ufe0f'.repeat(5)}` }, 'text must be a string of 1 to 5 characters.'],
    [{ text: ['a'] }, 'text must be a string of 1 to 5 characters.'],
  ])('is refused by the name of the field, and why: %j', (body, message) => {
    expect(refusalOf(body)).toEqual({ message, field: Object.keys(body)[0] });
  });

  it('lacks a field that it must have', () => {
    expect(refusalOf({}, new BodyPipe(Strict))).toEqual({ message: 'name must be a string.', field: 'name' });
    expect(refusalOf(undefined, new BodyPipe(Strict))).toEqual({ message: 'name must be a string.', field: 'name' });
  });
});
