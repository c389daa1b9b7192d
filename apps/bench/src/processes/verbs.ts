/*
 * How the bench talks to its own child processes: the parent calls a verb, the child answers once. Every child also
 * knows `collectGarbage`, and ends when its parent is gone.
 */
import type { ChildProcess } from 'node:child_process';

export type Verbs = { readonly [verb: string]: (argument: never) => unknown };

export interface Call {
  readonly id: number;
  readonly verb: string;
  readonly argument: unknown;
}

export type Reply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/** The child's side. */
export function serve(verbs: Verbs): void {
  const known: Verbs = { ...verbs, collectGarbage };
  process.on('message', (call: Call) => void answer(known, call));
  process.on('disconnect', () => process.exit());
}

async function answer(verbs: Verbs, { id, verb, argument }: Call): Promise<void> {
  let reply: Reply;
  try {
    reply = { id, value: await verbs[verb]?.(argument as never) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(reply);
}

/** More than once: what finalizers let go of is only collected the next time. */
export function collectGarbage(): void {
  for (let times = 0; times < 4; times += 1) globalThis.gc?.();
}

/** The parent's side. */
export class Worker<Known extends Verbs> {
  private lastId = 0;
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();

  constructor(
    readonly name: string,
    readonly child: ChildProcess,
  ) {
    child.on('message', (reply: Reply) => this.settle(reply));
    child.once('exit', (code, signal) => {
      const error = new Error(`The process "${name}" ended (${code ?? signal}).`);
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    });
  }

  call<Verb extends keyof Known & string>(
    verb: Verb,
    argument: Parameters<Known[Verb]>[0],
  ): Promise<Awaited<ReturnType<Known[Verb]>>> {
    return this.send(verb, argument) as Promise<Awaited<ReturnType<Known[Verb]>>>;
  }

  async collectGarbage(): Promise<void> {
    await this.send('collectGarbage', undefined);
  }

  private send(verb: string, argument: unknown): Promise<unknown> {
    const id = (this.lastId += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send({ id, verb, argument } satisfies Call, (error) => {
        if (error === null) return;
        this.waiting.delete(id);
        reject(error);
      });
    });
  }

  private settle(reply: Reply): void {
    const call = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) call?.reject(new Error(`${this.name}: ${reply.error}`));
    else call?.resolve(reply.value);
  }
}
