export { ReadOnlyError } from './error.ts';
export type { ReadOnlyLift, ReadOnlyOrder } from './orders.ts';
export { createReadOnlyMode, readOnlyDefaults, type ReadOnlyMode, type ReadOnlyOperation, type ReadOnlyOptions } from './read-only.ts';
export type { ReadOnlyKnowledge, ReadOnlyLabel, ReadOnlyLevel, ReadOnlyRequest, ReadOnlyScope, ReadOnlyStanding, ReadOnlyStrictness, ReadOnlySubject, ReadOnlySwitch, ReadOnlyVerdict } from './types.ts';
