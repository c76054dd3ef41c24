export type { RecoveryCodes, RecoveryOptions, RecoveryStatus, RecoveryVerdict } from './recovery.ts';
