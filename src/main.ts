import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { announcement, demoLines } from './announce';
import { readConfig } from './config/config';
import { listenFault } from './http/listen-fault';
import { createLog } from './log';
import { createService } from './service';
import { Stores } from './store/stores';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel, process.stdout.isTTY);
  const app = await createService(config, log);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  const server: Server = app.getHttpServer();
  const cannotListen = (error: Error): void => refuse(listenFault(error, config));
  // Before Nest hears of it, which would log it once more.
  server.prependListener('error', cannotListen);
  await app.listen(config.port, config.bind);
  server.off('error', cannotListen);
  app.get(Stores).ready().catch(refuse);
  // With PORT=0 only the server knows which port it got.
  const { port } = server.address() as AddressInfo;
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
