import type { Accounts, CounterStore, RecordStore } from 'portcullis';
import { makeKit, type Kit } from './kit.ts';

/** One call of one store that is to fail: `before` it has done anything, `after` it has done all, or by never answering. */
export interface Fault {
  /** The n-th call from now on, 1 for the next; 0 for none. */
  at: number;
  when: 'before' | 'after' | 'hang';
  /** The call that failed; undefined while none has. */
  hit: string | undefined;
}

export interface FaultyKit extends Kit {
  readonly fault: Fault;
}

/** A kit whose stores fail at a call of the test's choice. */
export function faultyKit(options: Parameters<typeof makeKit>[0] = {}): FaultyKit {
  const plain = makeKit();
  const fault: Fault = { at: 0, when: 'before', hit: undefined };
  const faulty = <T extends object>(name: string, port: T): T => {
    const wrapped = Object.entries(port).map(([verb, member]): [string, unknown] => {
      if (typeof member !== 'function' || verb === 'watch') return [verb, member];
      const call = member as (...given: unknown[]) => unknown;
      return [verb, async (...given: unknown[]) => {
        const fails = fault.at > 0 && --fault.at === 0;
        if (fails) fault.hit = `${name}.${verb}`;
        if (fails && fault.when === 'hang') await new Promise(() => undefined);
        if (fails && fault.when === 'before') throw new Error('the store is down');
        const answer = await call.apply(port, given);
        if (fails) throw new Error('the store went down');
        return answer;
      }];
    });
    return Object.fromEntries(wrapped) as T;
  };
  const inner = makeKit({
    accounts: faulty<Accounts>('accounts', plain.table),
    records: faulty<RecordStore>('records', plain.store),
    counters: faulty<CounterStore>('counters', plain.store),
    clock: plain.clock,
    ...options,
  });
  return {
    ...inner,
    clock: plain.clock,
    table: plain.table,
    store: plain.store,
    run: (work) => plain.run(work),
    value: (work) => plain.value(work),
    plant: (user) => plain.plant(user),
    async settle() {
      await plain.run(inner.portcullis.uniform.drain(20_000));
    },
    fault,
  };
}
