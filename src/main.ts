import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { announcement, demoLines } from './announce';
import { readConfig } from './config/config';
import { createLog } from './log';
import { createService } from './service';
import { Stores } from './store/stores';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel, process.stdout.isTTY);
  const app = await createService(config, log);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(config.port, config.bind);
  app.get(Stores).ready().catch(refuse);
  // With PORT=0 only the server knows which port it got.
  const { port } = app.getHttpServer().address() as AddressInfo;
  log.info(announcement({ ...config, port }));
  // Plain text, not log lines: they are there to be pasted.
  if (config.demo) process.stdout.write(demoLines(port).join('\n'));
}

/** A start that cannot go on: one message, and the end. */
function refuse(error: unknown): void {
  process.stderr.write(`Rollcall cannot start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(refuse);
