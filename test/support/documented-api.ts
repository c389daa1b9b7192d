import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface MediaType {
  readonly schema?: object;
}

interface Operation {
  readonly responses: Record<string, { content?: Record<string, MediaType>; headers?: Record<string, unknown> }>;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: object;
}

const OPENAPI_FILE = join(__dirname, '../../openapi.json');

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/**
 * Holds answers against the committed `openapi.json`. A path or status that the document does not describe is a fault,
 * too; only what lies outside of it (the UI, unknown paths, wrong methods, unreadable requests) is left alone.
 */
export class DocumentedApi {
  private readonly document = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as OpenApi;
  private readonly ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor() {
    this.ajv.addSchema(this.document, 'openapi');
  }

  check(method: string, path: string, reply: Reply): void {
    const found = this.find(method, path);
    if (found === undefined || reply.status === 431) return;
    const { template, operation } = found;
    const what = `${method} ${template} ${reply.status}`;
    const documented = operation.responses[String(reply.status)];
    if (documented === undefined) throw new Error(`${what} is not documented.`);
    for (const header of Object.keys(documented.headers ?? {})) {
      if (reply.headers[header.toLowerCase()] === undefined) throw new Error(`${what} lacks ${header}.`);
    }
    if (documented.content === undefined || method === 'HEAD') {
      if (reply.text !== '') throw new Error(`${what} should have no body, but has ${reply.text}`);
      return;
    }
    const type = String(reply.headers['content-type']).split(';', 1)[0] ?? '';
    const media = documented.content[type];
    if (media === undefined) throw new Error(`${what} is not documented as ${type}.`);
    const validate = this.validator(template, method.toLowerCase(), String(reply.status), type);
    if (!validate(JSON.parse(reply.text))) {
      throw new Error(`${what} is not as documented: ${this.ajv.errorsText(validate.errors)}\n${reply.text}`);
    }
  }

  private find(method: string, path: string): { template: string; operation: Operation } | undefined {
    for (const [template, operations] of Object.entries(this.document.paths)) {
      const pattern = new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`);
      const operation = operations[method === 'HEAD' ? 'get' : method.toLowerCase()];
      if (operation !== undefined && pattern.test(path.split('?', 1)[0] ?? '')) return { template, operation };
    }
    return undefined;
  }

  private validator(...path: [template: string, method: string, status: string, type: string]): ValidateFunction {
    const [template, method, status, type] = path.map((part) => part.replace(/~/g, '~0').replace(/\//g, '~1'));
    const pointer = `openapi#/paths/${template}/${method}/responses/${status}/content/${type}/schema`;
    let validate = this.compiled.get(pointer);
    if (validate === undefined) {
      validate = this.ajv.compile({ $ref: encodeURI(pointer) });
      this.compiled.set(pointer, validate);
    }
    return validate;
  }
}
