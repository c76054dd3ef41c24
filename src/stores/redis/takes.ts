import type { CounterCharge, CounterVerdict } from '../../ports/counter-store.ts';
import { answeredList, verdictOf, type Wanted } from './charges.ts';
import { storeErrorOf } from './faults.ts';
import type { Run } from './runner.ts';
import type { Script } from './scripts.ts';

/** Decisions that are sent together. */
export interface Takes {
  /** Settles as the store's `take` does. */
  take(charges: readonly CounterCharge[]): Promise<CounterVerdict>;
  /** Sends what waits: before whatever was asked after it. */
  flush(): void;
}

export interface TakesParts {
  readonly run: Run;
  readonly script: Script;
  readonly read: (charges: readonly CounterCharge[]) => Wanted;
}

interface Waiting {
  readonly count: number;
  readonly resolve: (verdict: CounterVerdict) => void;
  readonly reject: (error: unknown) => void;
}

/** Sent at once when it is full: so the server is at work while the rest is still being asked, and no script holds it up for long. */
const maxKeys = 24;

/**
 * What is asked within one turn of the event loop goes to the server as one script, which decides one after the other. A request
 * alone waits for nobody; under load most of what a call costs, on both sides, is paid once for several.
 */
export function createTakes({ run, script, read }: TakesParts): Takes {
  let keys: string[] = [];
  let args: string[] = [];
  let waiting: Waiting[] = [];
  let scheduled = false;

  function flush(): void {
    if (waiting.length === 0) return;
    const [sentKeys, sentArgs, sent] = [keys, args, waiting];
    [keys, args, waiting] = [[], [], []];
    if (sent.length > 1) for (const { count } of sent) sentArgs.push(String(count));
    // Whatever throws must reject them: nobody waits for the function that sends.
    new Promise((resolve) => { resolve(run(script, sentKeys, sentArgs, sent.length)); }).then(
      (answer) => { settle(sent, answer, sentKeys.length); },
      (error: unknown) => {
        for (const { reject } of sent) reject(storeErrorOf(error));
      },
    );
  }

  function add({ keys: own, args: ownArgs }: Wanted, decision: Waiting): void {
    if (keys.length + own.length > maxKeys) flush();
    if (waiting.length === 0) {
      keys = own;
      args = ownArgs;
    } else {
      for (const key of own) keys.push(key);
      for (const arg of ownArgs) args.push(arg);
    }
    waiting.push(decision);
    if (keys.length >= maxKeys) flush();
    else if (!scheduled) schedule();
  }

  function schedule(): void {
    scheduled = true;
    process.nextTick(() => {
      scheduled = false;
      flush();
    });
  }

  return {
    take: (charges) =>
      new Promise((resolve, reject) => {
        const wanted = read(charges);
        add(wanted, { count: wanted.keys.length, resolve, reject });
      }),
    flush,
  };
}

/** Each gets its own part of the answer, and a lie in one part is no other's failure. */
function settle(sent: readonly Waiting[], answer: unknown, keys: number): void {
  let list: readonly unknown[] | undefined;
  let from = 0;
  for (const { count, resolve, reject } of sent) {
    try {
      list ??= answeredList(answer, keys + sent.length);
      resolve(verdictOf(list, count, from));
    } catch (error) {
      reject(error);
    }
    from += count + 1;
  }
}
