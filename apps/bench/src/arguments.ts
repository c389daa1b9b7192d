import { parseArgs } from 'node:util';

export interface Arguments {
  readonly quick: boolean;
  readonly list: boolean;
  /** Ids of rows; absent: all. */
  readonly only?: readonly string[];
  readonly repeats?: number;
}

export const USAGE = `Usage: npm run bench -- [options]
  --quick         fewer repeats and smaller sizes; ends within 3 minutes
  --only a,b      these rows alone
  --repeats n     how often each side of a row is sampled
  --list          the rows, without running them`;

/** What was asked for on the command line. @throws Error that says what is wrong. */
export function readArguments(words: readonly string[], known: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      only: { type: 'string' },
      repeats: { type: 'string' },
    },
  });
  const only = values.only?.split(',').filter((id) => id !== '');
  const stranger = only?.find((id) => !known.includes(id));
  if (stranger !== undefined) throw new Error(`There is no row "${stranger}". Rows: ${known.join(', ')}`);
  const repeats = values.repeats === undefined ? undefined : Number(values.repeats);
  if (repeats !== undefined && !(Number.isInteger(repeats) && repeats >= 1 && repeats <= 100)) {
    throw new Error('--repeats must be a whole number from 1 to 100.');
  }
  return { quick: values.quick, list: values.list, only, repeats };
}
