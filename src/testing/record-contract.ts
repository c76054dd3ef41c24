import type { RecordStore } from '../ports/record-store.ts';
import { contractOf, type ContractCase, type MakeStore } from './contract.ts';
import { recordRaceCases, recordVerbCases } from './record-cases.ts';
import { recordExpiryCases, recordWatchCases } from './record-time-cases.ts';

/**
 * What every {@link RecordStore} must keep, as cases for any test runner: `for (const { name, run } of
 * recordStoreContract(makeStore)) it(name, run)`. Each case asks `makeStore` for an empty store. A case may take some
 * seconds where time passes by waiting.
 */
export function recordStoreContract(makeStore: MakeStore<RecordStore>): readonly ContractCase[] {
  return contractOf(makeStore, [...recordVerbCases, ...recordRaceCases, ...recordExpiryCases, ...recordWatchCases]);
}
