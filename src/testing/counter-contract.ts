import type { CounterStore } from '../ports/counter-store.ts';
import { contractOf, type ContractCase, type MakeStore } from './contract.ts';
import { counterAtomicCases, counterVerbCases } from './counter-cases.ts';
import { counterKeyCases, counterRaceCases } from './counter-race-cases.ts';
import { counterTimeCases } from './counter-time-cases.ts';

/**
 * What every {@link CounterStore} must keep, as cases for any test runner: `for (const { name, run } of
 * counterStoreContract(makeStore)) it(name, run)`. Each case asks `makeStore` for an empty store. A case may take some
 * seconds where time passes by waiting.
 */
export function counterStoreContract(makeStore: MakeStore<CounterStore>): readonly ContractCase[] {
  return contractOf(makeStore, [...counterVerbCases, ...counterAtomicCases, ...counterRaceCases, ...counterKeyCases, ...counterTimeCases]);
}
