// Builds what is published: one module a kind, and one file of types that needs nothing of this repository.
import { generateDtsBundle } from 'dts-bundle-generator';
import { build } from 'esbuild';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const DIST = join(HERE, 'dist');
const ENTRY = join(HERE, 'src/index.ts');

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);

for (const [format, extension] of [
  ['esm', 'mjs'],
  ['cjs', 'cjs'],
]) {
  await build({
    entryPoints: [ENTRY],
    outfile: join(DIST, `index.${extension}`),
    bundle: true,
    format,
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    tsconfig: join(HERE, 'tsconfig.json'),
    logLevel: 'warning',
  });
}

const [types] = generateDtsBundle(
  [
    {
      filePath: ENTRY,
      libraries: { inlinedLibraries: ['@rollcall/contract'] },
      output: { noBanner: true, exportReferencedTypes: false },
    },
  ],
  { preferredConfigPath: join(HERE, 'tsconfig.json') },
);
for (const extension of ['d.mts', 'd.cts']) writeFileSync(join(DIST, `index.${extension}`), types);
