import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from '../once';

/** A folder for files that last as long as this process. */
export const scratchFolder = once(() => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
});
