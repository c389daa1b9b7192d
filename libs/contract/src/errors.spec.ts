import { AppError, type ErrorCode, ERRORS } from './errors';

describe('The table of errors', () => {
  it.each(Object.entries(ERRORS))('has a status and a sentence for %s', (code, { status, message }) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status >= 400 && status < 600).toBe(true);
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(new AppError(code as ErrorCode)).toMatchObject({ code, status, message, name: 'AppError' });
  });

  it('gives way to a message and a field of the case at hand', () => {
    const error = new AppError('BAD_REQUEST', 'channel must be a string.', 'channel');
    expect(error).toMatchObject({ status: 400, message: 'channel must be a string.', field: 'channel' });
    expect(error).toBeInstanceOf(Error);
  });
});
