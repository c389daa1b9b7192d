import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { readConfig } from '../config/config';
import { createService } from '../service';
import { documentText, openApiDocument } from './document';

/** Writes `openapi.json` beside `package.json`: `npm run openapi`. */
async function main(): Promise<void> {
  const app = await createService(readConfig({}), pino({ level: 'silent' }));
  writeFileSync('openapi.json', documentText(openApiDocument(app)));
  await app.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
