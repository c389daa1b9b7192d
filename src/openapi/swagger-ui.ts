import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { DEMO_API_KEY, DEMO_TOKEN, DEMO_USER_ID } from '../config/demo-app';

/** With the demo's public credentials filled in, each call can be tried by a click. */
const DEMO_LOGIN = `addEventListener('load', function () {
  var fill = setInterval(function () {
    if (!window.ui || !window.ui.getConfigs) return;
    clearInterval(fill);
    window.ui.preauthorizeApiKey('apiKey', ${JSON.stringify(DEMO_API_KEY)});
    window.ui.preauthorizeApiKey('userToken', ${JSON.stringify(DEMO_TOKEN)});
    window.ui.preauthorizeApiKey('userId', ${JSON.stringify(DEMO_USER_ID)});
  }, 100);
});`;

/** Socket.IO's, for pages and for this one's console. */
const CLIENT_SCRIPT = 'socket.io.esm.min.js';

const STYLE = '.swagger-ui .topbar { display: none } .swagger-ui .info { margin: 24px 0 }';

/** What the page needs: its own files, the style sheet within it, the images within that, and calls to this service. */
const policyOf = (inlineScripts: readonly string[]): string =>
  [
    "default-src 'none'",
    `script-src ${["'self'", ...inlineScripts.map((text) => `'sha256-${hash('sha256', text, 'base64')}'`)].join(' ')}`,
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
  const policy = policyOf(demo ? [DEMO_LOGIN] : []);
  fastify.addHook('onRequest', (request, reply, done) => {
    if (/^\/docs(\/|$)/.test(request.routeOptions.url ?? '')) void reply.header('content-security-policy', policy);
    done();
  });
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Rollcall API',
    customCss: STYLE,
    ...(demo ? { customJsStr: DEMO_LOGIN } : {}),
    swaggerOptions: { displayRequestDuration: true, tryItOutEnabled: true, defaultModelsExpandDepth: 0 },
  });
  const script = readFileSync(join(dirname(require.resolve('socket.io/package.json')), 'client-dist', CLIENT_SCRIPT));
  fastify.get(`/docs/${CLIENT_SCRIPT}`, (_request, reply) =>
    reply
      .headers({ 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=3600' })
      .send(script),
  );
  fastify.get('/', (_request, reply) => reply.redirect('/docs', 302));
}
