import { parseArgs } from 'node:util';

export interface Arguments {
  readonly dcs: number;
  readonly pods: number;
  /** Absent: apps with a few users are written for the demonstration. */
  readonly appsFile?: string;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run cluster -- [options]
  --dcs n      data centres, 1 to 9 (3)
  --pods n     pods of each, 1 to 9 (2)
  --apps file  an apps file to serve, instead of one that is written for the demonstration`;

/** What was asked for on the command line. @throws Error that says what is wrong. */
export function readArguments(words: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      dcs: { type: 'string', default: '3' },
      pods: { type: 'string', default: '2' },
      apps: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { apps: appsFile, help } = values;
  return { dcs: digit('--dcs', values.dcs), pods: digit('--pods', values.pods), appsFile, help };
}

function digit(option: string, text: string): number {
  if (!/^[1-9]$/.test(text)) throw new Error(`${option} is "${text}", but must be a whole number from 1 to 9.`);
  return Number(text);
}
