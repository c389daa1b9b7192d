import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentText, openApiDocument } from '../../src/openapi/document';
import { DEMO, Rollcall } from '../support/rollcall';

interface Media {
  readonly schema?: object;
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value: unknown }>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: string[];
  readonly operationId?: string;
  readonly security?: object[];
  readonly parameters?: (Media & { readonly name: string; readonly in: string })[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, { readonly description?: string; readonly content?: Record<string, Media> }>;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
  readonly tags: { readonly name: string }[];
}

interface Schema {
  readonly properties?: Record<string, { readonly example?: unknown }>;
}

const committed = readFileSync(join(__dirname, '../../openapi.json'), 'utf8');
const api = JSON.parse(committed) as OpenApi;
const OPERATIONS = Object.entries(api.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
);

/** Each place of the document that has an example, with the schema that it must obey. */
const examplesOf = (name: string, { schema = {}, example, examples }: Media): [string, object, unknown][] => [
  ...(example === undefined ? [] : [[name, schema, example] as [string, object, unknown]]),
  ...Object.entries(examples ?? {}).map(([key, { value }]): [string, object, unknown] => [
    `${name}, ${key}`,
    schema,
    value,
  ]),
];

const EXAMPLES = [
  ...OPERATIONS.flatMap(([name, { parameters = [], requestBody, responses }]) => [
    ...parameters.flatMap((parameter) => examplesOf(`${name}, ${parameter.name}`, parameter)),
    ...Object.values(requestBody?.content ?? {}).flatMap((media) => examplesOf(`${name}, request`, media)),
    ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.values(content).flatMap((media) => examplesOf(`${name}, ${status}`, media)),
    ),
  ]),
  ...Object.entries(api.components.schemas).flatMap(([schema, { properties = {} }]) =>
    Object.entries(properties).flatMap(([property, { example }]) =>
      example === undefined ? [] : [[`${schema}.${property}`, properties[property] as object, example] as const],
    ),
  ),
];

/** OpenAPI 3.0 says `nullable` where JSON Schema says `null`. */
function asJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(asJsonSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, ...rest } = schema as { $ref?: string };
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, asJsonSchema(value)]));
  return { ...inner, ...($ref === undefined ? {} : { $ref: `api${$ref}` }) };
}

describe('the OpenAPI document', () => {
  it('is the committed one, generated and served', async () => {
    const rollcall = await Rollcall.start();
    const { status, json, headers } = await rollcall.ask('GET', '/openapi.json');

    expect(documentText(openApiDocument(rollcall.app))).toBe(committed);
    expect({ status, json }).toEqual({ status: 200, json: api });
    expect(headers['content-type']).toMatch(/^application\/json/);
  });

  it('has every route of the service, and no other', async () => {
    const rollcall = await Rollcall.start();
    for (const [name] of OPERATIONS) {
      const [method = '', template = ''] = name.split(' ');
      const { status } = await rollcall.ask(method, template.replace('{id}', 'nobody'));
      expect([404, 405]).not.toContain(status);
    }
    expect(OPERATIONS.map(([name]) => name)).toHaveLength(27);
  });

  it.each(OPERATIONS)('says of %s what it does, and how it fails', (name, operation) => {
    expect(operation.summary ?? operation.description).toMatch(/\S/);
    expect(operation.operationId).toMatch(/^[a-z]\w+$/i);
    expect(operation.tags).toHaveLength(1);
    expect(api.tags.map((tag) => tag.name)).toContain(operation.tags?.[0]);
    expect(operation.security).not.toHaveLength(0);
    for (const { description } of Object.values(operation.responses)) expect(description).toMatch(/\S/);
    const statuses = Object.keys(operation.responses).map(Number);
    expect(statuses.some((status) => status < 300)).toBe(true);
    expect(statuses).not.toContain(500);
    if (!name.includes('/health/')) expect(statuses).toContain(401);
    if (operation.requestBody !== undefined) expect(statuses).toEqual(expect.arrayContaining([400, 413, 415]));
  });

  it('says of each call with an API key which scope it takes', () => {
    for (const [name, operation] of OPERATIONS) {
      const takesKey = operation.security?.some((scheme) => 'apiKey' in scheme) === true;
      const scope = (operation as unknown as Record<string, unknown>)['x-api-key-scope'];
      expect([name, scope]).toEqual([
        name,
        takesKey ? expect.stringMatching(/^(counts|read|write|admin)$/) : undefined,
      ]);
    }
  });

  it('names each operation once', () => {
    const names = OPERATIONS.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(EXAMPLES)('gives an example that obeys its schema: %s', (_where, schema, example) => {
    const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
    ajv.addSchema(asJsonSchema(api) as object, 'api');
    const validate = ajv.compile(asJsonSchema(schema) as object);
    validate(example);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('has examples to look at', () => expect(EXAMPLES.length).toBeGreaterThan(30));

  it('gives requests that work as they stand', async () => {
    const rollcall = await Rollcall.start();
    const key = { authorization: `Bearer ${DEMO.apiKey}` };
    const token = { 'x-auth-token': DEMO.token, 'x-user-id': DEMO.userId };
    for (const [name, { requestBody }] of OPERATIONS) {
      const [method = '', template = ''] = name.split(' ');
      const requests = Object.values(requestBody?.content ?? {}).flatMap((media) => examplesOf(name, media));
      for (const [, , body] of requests) {
        const path = template.replace('{id}', 'USER_1');
        const headers = path.startsWith('/api/v1/') ? token : key;
        const alone = path.startsWith('/message/') ? {} : { headers };
        expect((await rollcall.ask(method, path, { ...alone, body })).status).toBeLessThan(300);
      }
    }
  });
});

describe('the UI', () => {
  it('is at /docs, with all that it needs, and / leads there', async () => {
    const rollcall = await Rollcall.start();
    const page = await rollcall.ask('GET', '/docs');
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, url = '']) => new URL(url, `${rollcall.url}/docs`).pathname,
    );

    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-type': expect.stringMatching(/^text\/html/) as unknown },
    });
    expect(assets.length).toBeGreaterThanOrEqual(4);
    for (const path of assets) expect((await rollcall.ask('GET', path)).status).toBe(200);
    expect(await rollcall.ask('GET', '/')).toMatchObject({ status: 302, headers: { location: '/docs' } });
    const script = await rollcall.ask('GET', '/docs/socket.io.esm.min.js');
    expect(script).toMatchObject({ status: 200, headers: { 'content-type': 'text/javascript; charset=utf-8' } });
    expect(script.text).toMatch(/export\s*\{/);
    expect((await rollcall.ask('GET', '/socket.io/socket.io.js')).status).toBe(400);
    expect(page.text).not.toMatch(/https?:\/\/(?!localhost)[^"']*\.(js|css)/);
  });

  it('answers on any host', async () => {
    const rollcall = await Rollcall.start();
    for (const [path, status] of [
      ['/', 302],
      ['/docs', 200],
      ['/openapi.json', 200],
      ['/docs/swagger-ui.css', 200],
    ] as const) {
      expect((await rollcall.ask('GET', path, { host: 'unknown.example.com' })).status).toBe(status);
    }
  });

  it('has the public secrets of the demo app filled in, and those of no other app', async () => {
    const users = [{ id: 'u', tokens: ['token-of-u'] }];
    const [demo, other] = [
      await Rollcall.start(),
      await Rollcall.start([{ id: 'x', hosts: ['localhost'], apiKeys: ['key-of-x'], users }]),
    ];
    const textOf = async (rollcall: Rollcall) =>
      (
        await Promise.all(
          ['/docs', '/docs/swagger-ui-init.js'].map(async (path) => (await rollcall.ask('GET', path)).text),
        )
      ).join();

    expect(await textOf(demo)).toContain(DEMO.token);
    expect(await textOf(other)).not.toMatch(/preauthorize|key-of-x|token-of-u/);
  });
});
