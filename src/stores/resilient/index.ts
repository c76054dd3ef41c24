export { resilientCounters, resilientCountersDefaults, type ResilientCounters, type ResilientCountersOptions } from './counters.ts';
export { resilientRecords, resilientRecordsDefaults, type ResilientRecords, type ResilientRecordsOptions } from './records.ts';
export { resilientEvidence, resilientEvidenceDefaults, type ResilientEvidence, type ResilientEvidenceOptions } from './evidence.ts';
export type { StoreHealth } from './outage.ts';
