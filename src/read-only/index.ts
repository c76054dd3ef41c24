export { ReadOnlyError, type ReadOnlyFacts } from './error.ts';
export type { ReadOnlyLift, ReadOnlyOrder } from './orders.ts';
export { noReadOnlyMode } from './off.ts';
export { createReadOnlyMode, readOnlyDefaults, type ReadOnlyMode, type ReadOnlyOperation, type ReadOnlyModeOptions } from './read-only.ts';
export type { ReadOnlyBanner, ReadOnlyKnowledge, ReadOnlyLabel, ReadOnlyLevel, ReadOnlyRequest, ReadOnlyScope, ReadOnlyStanding, ReadOnlyStrictness, ReadOnlySubject, ReadOnlySwitch, ReadOnlyVerdict } from './types.ts';
