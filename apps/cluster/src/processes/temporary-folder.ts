import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<TemporaryFolder>();

process.on('exit', () => {
  for (const folder of folders) folder.remove();
});

/** A folder that is gone when it is removed, or when this process ends. */
export class TemporaryFolder {
  readonly path: string;

  constructor(prefix: string) {
    this.path = mkdtempSync(join(tmpdir(), prefix));
    folders.add(this);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
    folders.delete(this);
  }
}
