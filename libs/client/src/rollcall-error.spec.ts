import { ERRORS, type ErrorCode } from '@rollcall/contract';
import { asRollcallError, RollcallError } from './rollcall-error';

describe('An error of the client', () => {
  it.each(Object.entries(ERRORS))('of the code %s is as temporary as the service says', (code, { temporary }) => {
    expect(new RollcallError(code as ErrorCode, '').temporary).toBe(temporary);
  });

  it.each([
    ['TIMEOUT', true],
    ['DISCONNECTED', true],
    ['UNREACHABLE', true],
    ['CLOSED', false],
    ['KICKED', false],
  ] as const)('of the code %s, which only the client knows, is temporary: %p', (code, temporary) => {
    expect(new RollcallError(code, '').temporary).toBe(temporary);
  });

  it('carries what it was made of', () => {
    const error = asRollcallError(new TypeError('no'), 'UNREACHABLE');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'RollcallError', code: 'UNREACHABLE', message: 'no' });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(asRollcallError(error, 'INTERNAL')).toBe(error);
  });
});
