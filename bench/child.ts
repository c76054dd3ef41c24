import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const entry = new URL('child-entry.ts', import.meta.url);

/** What the parent asks of a child: to load a function, then to call a method of what that function answered. */
export type ChildRequest =
  | { readonly id: number; readonly verb: 'open'; readonly module: string; readonly run: string; readonly input: unknown }
  | { readonly id: number; readonly verb: 'call'; readonly method: string; readonly input: unknown };

export type ChildAnswer = { readonly id: number } & ({ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string });

export interface ChildOptions {
  /** Flags of the child's Node. Default `['--expose-gc']`. */
  readonly execArgv?: readonly string[];
}

type Method = (input: never) => unknown;
type InputOf<F> = F extends (...input: infer I) => unknown ? I : never;
type OutputOf<F> = F extends (input: never) => infer O ? Awaited<O> : never;

/** Methods of an object that lives in the child: what goes in and what comes out is copied. */
export interface Child<M> {
  readonly call: <K extends keyof M & string>(method: K, ...input: InputOf<M[K]>) => Promise<OutputOf<M[K]>>;
  readonly close: () => Promise<void>;
}

/**
 * Runs an exported function of a module in a fresh Node process (`inChild(import.meta.url, measure, 5)`) and answers
 * what it answered. The function is found by its name: it must be a named export of that module.
 */
export async function inChild<I, O>(module: string, run: (input: I) => O, input: I, options?: ChildOptions): Promise<Awaited<O>> {
  const link = startChild(options);
  try {
    return (await link.ask({ verb: 'open', module, run: run.name, input })) as Awaited<O>;
  } finally {
    await link.stop();
  }
}

/**
 * The same for a function that answers an object of methods: the object stays in the child, which lives until
 * `close()`. For servers that report about themselves.
 */
export async function openChild<I, M extends { readonly [K in keyof M]: Method }>(
  module: string,
  run: (input: I) => Promise<M> | M,
  input: I,
  options?: ChildOptions,
): Promise<Child<M>> {
  const link = startChild(options);
  try {
    await link.ask({ verb: 'open', module, run: run.name, input });
  } catch (error) {
    await link.stop();
    throw error;
  }
  return {
    call: async (method, ...given: readonly unknown[]) => (await link.ask({ verb: 'call', method, input: given[0] })) as never,
    close: link.stop,
  };
}

type Unnumbered<R> = R extends unknown ? Omit<R, 'id'> : never;

interface Link {
  readonly ask: (request: Unnumbered<ChildRequest>) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

function startChild({ execArgv = ['--expose-gc'] }: ChildOptions = {}): Link {
  const child = fork(entry, { execArgv: [...execArgv], serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }>();
  let asked = 0;
  child.on('message', (answer: ChildAnswer) => {
    const asker = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) asker?.resolve(answer.value);
    else asker?.reject(new Error(`in a child process: ${answer.error}`));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`a child process ended early (${signal ?? `exit code ${code ?? 'unknown'}`})`));
    waiting.clear();
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        const id = (asked += 1);
        waiting.set(id, { resolve, reject });
        child.send({ ...request, id }, (error) => {
          if (error !== null) reject(error);
        });
      }),
    stop: () => stopped(child),
  };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
