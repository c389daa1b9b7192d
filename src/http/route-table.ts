import { Injectable } from '@nestjs/common';
import type { HTTPMethod } from 'find-my-way';
import createRouter from 'find-my-way';
import { PATH_MAX_LENGTH } from './request-bounds';

const METHODS: readonly HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The router is asked once whatever the methods are: to read a path may take milliseconds. */
const ANY: HTTPMethod = 'GET';

/** Which methods a path takes: a second look at Fastify's routes for a request whose method none of them has. */
@Injectable()
export class RouteTable {
  private readonly router = createRouter({ maxParamLength: PATH_MAX_LENGTH });

  add(method: string | readonly string[], path: string): void {
    const known = this.router.findRoute(ANY, path)?.store as Set<string> | undefined;
    const methods = known ?? new Set();
    if (known === undefined) this.router.on(ANY, path, () => undefined, methods);
    for (const one of [method].flat()) methods.add(one);
  }

  methodsOf(url: string): HTTPMethod[] {
    const methods = this.router.find(ANY, url.split('?', 1)[0] ?? '')?.store as ReadonlySet<string> | undefined;
    return METHODS.filter((method) => methods?.has(method) === true);
  }
}
