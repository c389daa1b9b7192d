import { type Given, readCursor, readFlag, readLimit } from '../http/paging';

/** What `GET /v1/datacenters` was asked. */
export interface DatacentersQuery {
  readonly users: boolean;
  readonly limit: number;
  /** The last user of the page before. */
  readonly after?: string;
}

/** @throws AppError BAD_REQUEST that names the parameter. */
export function readDatacentersQuery(given: Given): DatacentersQuery {
  const users = readFlag(given, 'users') ?? false;
  const limit = readLimit(given);
  const after = readCursor(given, (written) => (typeof written === 'string' ? written : undefined));
  return { users, limit, ...(after === undefined ? {} : { after }) };
}
