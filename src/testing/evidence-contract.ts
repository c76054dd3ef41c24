import type { EvidenceStore } from '../ports/evidence-store.ts';
import { contractOf, type ContractCase, type MakeStore } from './contract.ts';
import { evidenceChargeCases, evidencePasswordCases } from './evidence-cases.ts';
import { evidenceNewsCases, evidenceRaceCases } from './evidence-race-cases.ts';

/**
 * What every {@link EvidenceStore} must keep, as cases for any test runner: `for (const { name, run } of
 * evidenceStoreContract(makeStore)) it(name, run)`. Each case asks `makeStore` for an empty store. Of time it says only that a clock which is
 * set back lets no score grow: half-lives are hours, and no case waits for so long.
 */
export function evidenceStoreContract(makeStore: MakeStore<EvidenceStore>): readonly ContractCase[] {
  return contractOf(makeStore, [...evidenceChargeCases, ...evidencePasswordCases, ...evidenceNewsCases, ...evidenceRaceCases]);
}
