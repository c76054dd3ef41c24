export { commonList, type CommonList } from './common-list.ts';
export { createBreachLookup, type BreachLookup, type BreachLookupOptions } from './lookup.ts';
export { rangeServiceDefaults, type RangeServiceOptions } from './range-options.ts';
export { rangeService } from './range-service.ts';
export type { BreachQuestion, BreachSource, BreachUnknownReason, BreachVerdict } from './verdict.ts';
