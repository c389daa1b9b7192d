import type { ArgumentsHost } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { HttpErrorFilter } from './http-error.filter';
import type { RouteTable } from './route-table';
import { TooManyWaiting } from './too-many-waiting';

/** The headers with which an error is answered. */
function headersOf(error: AppError): Record<string, string> {
  const headers: Record<string, string> = {};
  const reply = {
    raw: { headersSent: false },
    header: (name: string, value: string) => {
      headers[name] = value;
      return reply;
    },
    headers: (more: Record<string, string>) => Object.assign(headers, more) && reply,
    status: () => reply,
    code: () => reply,
    type: () => reply,
    send: () => reply,
  };
  const request = { routeOptions: { url: '/v1/changes' }, url: '/v1/changes', method: 'GET' };
  const http = { getRequest: () => request, getResponse: () => reply };
  new HttpErrorFilter({} as RouteTable).catch(error, { switchToHttp: () => http } as unknown as ArgumentsHost);
  return headers;
}

describe('An error over HTTP', () => {
  it('says when to come again where that helps', () => {
    expect(headersOf(new AppError('UNAVAILABLE'))).toMatchObject({ 'retry-after': '2' });
    expect(headersOf(new TooManyWaiting('At most so many may wait.'))).toMatchObject({ 'retry-after': '2' });
    expect(headersOf(new AppError('RATE_LIMITED', 'A user may have 100 tokens.'))).not.toHaveProperty('retry-after');
    expect(headersOf(new AppError('NOT_FOUND'))).not.toHaveProperty('retry-after');
  });
});
