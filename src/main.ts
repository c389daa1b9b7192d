import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { announcement, demoLines } from './announce';
import { readConfig } from './config/config';
import { ConfigError } from './config/environment';
import { createLog } from './log';
import { createService } from './service';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel, process.stdout.isTTY);
  const app = await createService(config, log);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(config.port, config.bind);
  // With PORT=0 only the server knows which port it got.
  const { port } = app.getHttpServer().address() as AddressInfo;
  log.info(announcement({ ...config, port }));
  // Plain text, not log lines: they are there to be pasted.
  if (config.demo) process.stdout.write(demoLines(port).join('\n'));
}

main().catch((error: unknown) => {
  process.stderr.write(`Rollcall cannot start. ${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
