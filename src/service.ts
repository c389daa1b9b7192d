import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module';
import type { Config } from './config/config';
import { httpAdapter, setUpHttp } from './http/http-server';
import { PinoNestLogger } from './log';
import { openApiDocument } from './openapi/document';
import { serveSwaggerUi } from './openapi/swagger-ui';
import { SocketAdapter } from './sockets/socket.adapter';

/** The whole service, ready to listen. */
export async function createService(config: Config, log: Logger): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config), httpAdapter(), {
    bodyParser: false,
    abortOnError: false,
    logger: new PinoNestLogger(log),
  });
  setUpHttp(app);
  app.useWebSocketAdapter(new SocketAdapter(app));
  serveSwaggerUi(app, openApiDocument(app), config.demo);
  return app;
}
