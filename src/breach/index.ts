export { commonList, type CommonList } from './common-list.ts';
export { exposedAmong, type AccountToCheck, type ExposedAccount, type ExposedAmongOptions, type ExposureProgress } from './exposed-among.ts';
export { haveIBeenPwnedAccounts } from './exposure.ts';
export { exposureDefaults, type ExposureOptions } from './exposure-options.ts';
export { createBreachLookup, type BreachLookup, type BreachLookupOptions } from './lookup.ts';
export { rangeServiceDefaults, type RangeServiceOptions } from './range-options.ts';
export { rangeService } from './range-service.ts';
export type { BreachQuestion, BreachSource, BreachUnknownReason, BreachVerdict } from './verdict.ts';
export type { ExposedBreach, ExposureQuery, ExposureSource, ExposureVerdict } from '../ports/exposure-source.ts';
