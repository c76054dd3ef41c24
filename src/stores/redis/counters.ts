import type { CounterCharge, CounterRule, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';
import { answeredList, createChargeReader, verdictOf, type Wanted } from './charges.ts';
import type { Run } from './runner.ts';
import type { Script, Scripts } from './scripts.ts';
import { createTakes } from './takes.ts';
import type { Names } from './text.ts';
import type { StoreTime } from './time.ts';

export interface CounterParts {
  readonly run: Run;
  readonly scripts: Scripts;
  readonly names: Names;
  readonly time: StoreTime;
}

/** A counter store that never answers at once. */
export interface RemoteCounters extends CounterStore {
  take(charges: readonly CounterCharge[]): Promise<CounterVerdict>;
  giveBack(charges: readonly CounterCharge[]): Promise<void>;
  peek(charges: readonly CounterCharge[]): Promise<CounterVerdict>;
  clear(rule: CounterRule, key: string): Promise<void>;
}

/** Counters in one server, or in one slot of a cluster. `together`: decisions of one moment share a script, or else each has its own. */
export function redisCounters({ run, scripts, names, time }: CounterParts, { together }: { readonly together: boolean }): RemoteCounters {
  const read = createChargeReader(names);
  const takes = createTakes({ run, script: scripts.take, read });

  const ask = async (script: Script, { keys, args }: Wanted): Promise<unknown> => {
    takes.flush();
    return run(script, keys, time.added(args));
  };

  async function verdict(script: Script, charges: readonly CounterCharge[]): Promise<CounterVerdict> {
    const wanted = read(charges);
    const count = wanted.keys.length;
    return verdictOf(answeredList(await ask(script, wanted), count + 1), count);
  }

  return {
    shared: true,
    // A simulation says what time it is now, and not when the last of several is asked.
    take: together && time.source === 'server' ? (charges) => takes.take(charges) : (charges) => verdict(scripts.take, charges),
    peek: (charges) => verdict(scripts.peek, charges),
    async giveBack(charges) {
      await ask(scripts.giveBack, read(charges));
    },
    async clear(rule, key) {
      takes.flush();
      await run(scripts.forget, [names.counter(rule, key)], []);
    },
  };
}
