import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');
const CLIENT = join(ROOT, 'libs/client');

const run = promisify(execFile);

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
}

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;

/** The folders of all that a package needs, as they are installed here. */
async function needsOf(folder: string, found = new Set<string>()): Promise<Set<string>> {
  for (const name of Object.keys((await manifestOf(folder)).dependencies ?? {})) {
    const places = createRequire(join(folder, 'package.json')).resolve.paths(name) ?? [];
    for (const place of places) {
      const need = join(place, name);
      const there = await manifestOf(need).then(
        () => true,
        () => false,
      );
      if (!there) continue;
      if (!found.has(need)) await needsOf(need, found.add(need));
      break;
    }
  }
  return found;
}

/** The packed client, installed in an empty folder. No registry is asked: what it needs is packed from this checkout. */
export class ClientPackage {
  private constructor(readonly folder: string) {}

  static async install(): Promise<ClientPackage> {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-client-'));
    const destination = ['--pack-destination', folder];
    await run('npm', ['pack', CLIENT, ...destination], { cwd: ROOT });
    await run('npm', ['pack', ...(await needsOf(CLIENT)), '--ignore-scripts', ...destination], { cwd: ROOT });
    const packed = (await readdir(folder)).filter((file) => file.endsWith('.tgz')).map((file) => `./${file}`);
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    const cache = ['--cache', join(folder, '.npm')];
    await run('npm', ['install', '--offline', ...cache, '--no-audit', '--no-fund', ...packed], { cwd: folder });
    return new ClientPackage(folder);
  }

  /** Writes a file beside the installed package. */
  async write(file: string, text: string): Promise<string> {
    await writeFile(join(this.folder, file), text);
    return join(this.folder, file);
  }

  /** Runs a file to its end; gives what it printed. */
  async run(file: string, ...args: string[]): Promise<string> {
    return (await run(process.execPath, [file, ...args], { cwd: this.folder })).stdout;
  }

  /** Compiles a file against the package; rejects with what the compiler says. */
  async compile(file: string, module: object): Promise<void> {
    const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
    const strict = { noEmit: true, strict: true, target: 'es2022', lib: ['es2022', 'dom'], types: [] };
    const config = { compilerOptions: { ...strict, ...module }, files: [file] };
    const project = await this.write(`tsconfig.${file}.json`, JSON.stringify(config));
    await run(process.execPath, [tsc, '--project', project], { cwd: this.folder }).catch((error: Error) => {
      throw new Error((error as Error & { stdout: string }).stdout);
    });
  }

  files(): Promise<string[]> {
    return readdir(join(this.folder, 'node_modules/@rollcall/client'), { recursive: true });
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}
