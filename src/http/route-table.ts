import { Injectable } from '@nestjs/common';
import type { HTTPMethod } from 'find-my-way';
import createRouter from 'find-my-way';

const METHODS: readonly HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** No part of a path is refused for its length alone: URL and headers have 80 KiB, and routes say what they take. */
export const PARAM_MAX_LENGTH = 81_920;

/** Which methods a path takes: a second look at Fastify's routes for a request whose method none of them has. */
@Injectable()
export class RouteTable {
  private readonly router = createRouter({ maxParamLength: PARAM_MAX_LENGTH });

  add(method: string | readonly string[], path: string): void {
    for (const one of METHODS) {
      if (![method].flat().includes(one) || this.router.hasRoute(one, path)) continue;
      this.router.on(one, path, () => undefined);
    }
  }

  methodsOf(url: string): HTTPMethod[] {
    const path = url.split('?', 1)[0] ?? '';
    return METHODS.filter((method) => this.router.find(method, path) !== null);
  }
}
