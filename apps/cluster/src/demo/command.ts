/** What may be asked for at the prompt. */
export type Command =
  | { readonly verb: 'kill' | 'start'; readonly pod: string }
  | { readonly verb: 'cut' | 'heal' | 'flush'; readonly dc: string }
  | { readonly verb: 'slow'; readonly dc: string; readonly delayMs: number }
  | { readonly verb: 'help' }
  | { readonly verb: 'quit' };

/** Names that there are. */
export interface Known {
  readonly pods: readonly string[];
  readonly dcs: readonly string[];
}

/** A command that cannot be understood; the message is for whoever typed it. */
export class CommandError extends Error {
  override name = 'CommandError';
}

const FORMS = {
  kill: 'kill <pod>',
  start: 'start <pod>',
  cut: 'cut <dc>',
  slow: 'slow <dc> <delay>',
  heal: 'heal <dc>',
  flush: 'flush <dc>',
  help: 'help',
  quit: 'quit',
} as const;

type Verb = keyof typeof FORMS;

export const HELP = `  kill us-east-1/1      ends a pod with SIGKILL
  start us-east-1/1     brings it back on its port
  cut us-east-1         closes all lines between this data centre and the others
  slow us-east-1 200ms  everything between them comes so much later, in each direction
  heal us-east-1        takes back cut and slow
  flush us-east-1       empties its Redis
  help                  shows this
  quit                  stops everything`;

/** A minute: longer than anybody waits to see something. */
const DELAY_MAX_MS = 60_000;

const isVerb = (word: string): word is Verb => Object.hasOwn(FORMS, word);

/** Reads a line of the prompt; `undefined` for an empty one. @throws CommandError */
export function readCommand(line: string, known: Known): Command | undefined {
  const [verb, ...words] = line.trim().split(/\s+/);
  if (verb === undefined || verb === '') return undefined;
  if (!isVerb(verb)) throw new CommandError(`There is no command "${verb}". Try: ${Object.keys(FORMS).join(', ')}.`);
  const wanted = FORMS[verb].split(' ').length - 1;
  if (words.length !== wanted) {
    const got = words.length === 0 ? 'nothing' : `"${words.join(' ')}"`;
    throw new CommandError(`"${verb}" got ${got}, but must be: ${FORMS[verb]}.`);
  }
  const [first = '', second = ''] = words;
  switch (verb) {
    case 'kill':
    case 'start':
      return { verb, pod: oneOf(known.pods, first, 'pod') };
    case 'cut':
    case 'heal':
    case 'flush':
      return { verb, dc: oneOf(known.dcs, first, 'data centre') };
    case 'slow':
      return { verb, dc: oneOf(known.dcs, first, 'data centre'), delayMs: readDelay(second) };
    case 'help':
      return { verb };
    case 'quit':
      return { verb };
  }
}

function oneOf(names: readonly string[], name: string, what: string): string {
  if (!names.includes(name)) throw new CommandError(`There is no ${what} "${name}", but ${names.join(', ')}.`);
  return name;
}

function readDelay(text: string): number {
  const ms = Number(/^(\d{1,5})(?:ms)?$/.exec(text)?.[1] ?? NaN);
  if (ms <= DELAY_MAX_MS) return ms;
  throw new CommandError(`The delay is "${text}", but must be like 200ms, from 0ms to ${DELAY_MAX_MS}ms.`);
}
