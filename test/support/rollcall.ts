import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { AppsFile } from '../../src/config/apps-file';
import { readConfig } from '../../src/config/config';
import { createService } from '../../src/service';
import { Stores } from '../../src/store/stores';
import { Faces } from './faces';
import { stopAfterTest } from './teardown';

export { type Answer, type Asking, DEMO, send } from './faces';

/** A service in this process on a port of its own, stopped after the test. Every answer is held against `openapi.json`. */
export class Rollcall extends Faces {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly port: number,
  ) {
    super();
  }

  /** Without apps it is the demo app on `localhost`. */
  static async start(
    apps?: AppsFile['apps'],
    environment: Record<string, string> = {},
    log: Logger = pino({ level: environment.LOG_LEVEL ?? 'silent' }),
  ): Promise<Rollcall> {
    const file = apps === undefined ? {} : { APPS_FILE: appsFile({ apps }) };
    const config = readConfig({ PORT: '0', BIND: '127.0.0.1', ...file, ...environment });
    const app = await createService(config, log);
    await app.listen(0, '127.0.0.1');
    await app.get(Stores).ready();
    const { port } = app.getHttpServer().address() as AddressInfo;
    const rollcall = new Rollcall(app, port);
    stopAfterTest(() => rollcall.stop());
    return rollcall;
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}

/** Writes an apps file that is deleted after the test. */
export function appsFile(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-'));
  stopAfterTest(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'apps.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}
