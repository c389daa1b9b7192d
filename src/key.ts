import { parseArgs } from 'node:util';
import { type MintedKey, mintKey, MintError } from './config/minted-key';

const USAGE = 'Usage: npm run key -- mint [--name wallboard] [--scopes counts,read,write,admin]';

/** Mints an API key: the key to standard output, this once, and what goes into the apps file. */
function main(args: string[]): void {
  let minted: MintedKey;
  try {
    const options = { name: { type: 'string' }, scopes: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    if (positionals.length !== 1 || positionals[0] !== 'mint') throw new MintError(USAGE);
    minted = mintKey(values);
  } catch (error) {
    if (!(error instanceof MintError || isMisuse(error))) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  process.stdout.write(
    `The key, for whoever calls. It is shown this once:\n  ${minted.key}\n\nFor "apiKeys" in the apps file:\n  ${JSON.stringify(minted.entry)}\n`,
  );
}

const isMisuse = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

main(process.argv.slice(2));
