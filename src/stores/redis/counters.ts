import type { CounterCharge, CounterRule, CounterStore, CounterVerdict } from '../../ports/counter-store.ts';
import { createChargeReader, verdictOf, type Wanted } from './charges.ts';
import type { Run } from './runner.ts';
import type { Script, Scripts } from './scripts.ts';
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

/** Counters in one server, or in one slot of a cluster: one decision is one script. */
export function redisCounters({ run, scripts, names, time }: CounterParts): RemoteCounters {
  const read = createChargeReader(names);
  const ask = (script: Script, { keys, args }: Wanted): Promise<unknown> => run(script, keys, time.added(args));

  function verdict(script: Script, charges: readonly CounterCharge[]): Promise<CounterVerdict> {
    const wanted = read(charges);
    return ask(script, wanted).then((answer) => verdictOf(answer, wanted.keys.length));
  }

  return {
    shared: true,
    take: (charges) => verdict(scripts.take, charges),
    peek: (charges) => verdict(scripts.peek, charges),
    async giveBack(charges) {
      await ask(scripts.giveBack, read(charges));
    },
    async clear(rule, key) {
      await run(scripts.forget, [names.counter(rule, key)], []);
    },
  };
}
