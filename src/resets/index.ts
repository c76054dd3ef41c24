export { resetReasons, type ResetOpens, type ResetReason } from './reasons.ts';
export { createForcedResets, forcedResetsDefaults, type ForcedReset, type ForcedResets, type ForcedResetsOptions, type MarkAllJob, type MarkAllProgress, type ResetSubject } from './resets.ts';
