import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DEMO_API_KEY, DEMO_TOKEN, DEMO_USER_ID } from '../config/demo-app';

/** What a request is answered with. All of it lies in memory once: a reader who does not read holds up nothing more. */
interface Answer {
  readonly type: string;
  readonly body: Buffer;
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const TYPES: Readonly<Record<string, string>> = { js: JAVASCRIPT, css: 'text/css; charset=utf-8', png: 'image/png' };

/** Swagger UI's, and Socket.IO's for pages and for this one's console, by package. */
const FILES: readonly (readonly [of: string, folder: string, file: string])[] = [
  ['swagger-ui-dist', '', 'swagger-ui.css'],
  ['swagger-ui-dist', '', 'swagger-ui-bundle.js'],
  ['swagger-ui-dist', '', 'favicon-32x32.png'],
  ['socket.io', 'client-dist', 'socket.io.esm.min.js'],
];

/** Files change with a version of ours alone. */
const KEPT_BY_BROWSERS = 'public, max-age=3600';

/** What the page needs: its own files, the style sheet within it, the images within that, and calls to this service. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the document at `/openapi.json` and as Swagger UI at `/docs`, with Socket.IO's client script; `/` leads there. */
export function serveSwaggerUi(app: NestFastifyApplication, document: OpenAPIObject, demo: boolean): void {
  const fastify = app.getHttpAdapter().getInstance();
  const serve = (path: string, answer: Answer, headers: Record<string, string> = {}): void => {
    fastify.get(path, (_request, reply: FastifyReply) =>
      reply.headers({ ...headers, 'content-type': answer.type }).send(answer.body),
    );
  };
  const policy = { 'content-security-policy': POLICY };
  serve('/openapi.json', textOf('application/json; charset=utf-8', JSON.stringify(document)));
  serve('/docs', textOf(HTML, page('docs/')), policy);
  serve('/docs/', textOf(HTML, page('')), policy);
  serve('/docs/swagger-ui-init.js', textOf(JAVASCRIPT, start(demo)), policy);
  for (const [of, folder, file] of FILES) {
    const body = readFileSync(join(dirname(require.resolve(`${of}/package.json`)), folder, file));
    const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? '';
    serve(`/docs/${file}`, { type, body }, { ...policy, 'cache-control': KEPT_BY_BROWSERS });
  }
  fastify.get('/', (_request, reply) => reply.redirect('/docs', 302));
}

const textOf = (type: string, text: string): Answer => ({ type, body: Buffer.from(text) });

/** `folder`: where its files are, from where it is itself; absolute paths would fail behind a proxy that adds one. */
const page = (folder: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rollcall API</title>
<link rel="icon" href="${folder}favicon-32x32.png">
<link rel="stylesheet" href="${folder}swagger-ui.css">
<style>body { margin: 0 } .swagger-ui .info { margin: 24px 0 }</style>
</head>
<body>
<div id="swagger-ui"></div>
<script src="${folder}swagger-ui-bundle.js"></script>
<script src="${folder}swagger-ui-init.js"></script>
</body>
</html>
`;

/** With the demo's public credentials filled in, each call can be tried by a click. */
const start = (demo: boolean): string => `window.ui = SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  ${demo ? `onComplete: ${DEMO_LOGIN},` : ''}
});
`;

const DEMO_LOGIN = `function () {
    window.ui.preauthorizeApiKey('apiKey', ${JSON.stringify(DEMO_API_KEY)});
    window.ui.preauthorizeApiKey('userToken', ${JSON.stringify(DEMO_TOKEN)});
    window.ui.preauthorizeApiKey('userId', ${JSON.stringify(DEMO_USER_ID)});
  }`;
