export { resetReasons, type ForcedReset, type ResetOpens, type ResetReason } from './reasons.ts';
export { createForcedResets, forcedResetsDefaults, type ForcedResets, type ForcedResetsOptions, type MarkAllJob, type MarkAllProgress, type ResetSubject } from './resets.ts';
