export { resilientCounters, resilientCountersDefaults, type ResilientCounters, type ResilientCountersOptions } from './counters.ts';
export { resilientRecords, resilientRecordsDefaults, type ResilientRecords, type ResilientRecordsOptions } from './records.ts';
export type { StoreHealth } from './outage.ts';
