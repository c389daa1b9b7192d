import 'reflect-metadata';
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
  log.info(announcement(config));
  // Plain text, not log lines: they are there to be pasted.
  if (config.demo) process.stdout.write(demoLines(config.port).join('\n'));
}

main().catch((error: unknown) => {
  process.stderr.write(`Rollcall cannot start. ${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
