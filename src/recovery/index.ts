export { createRecoveryCodes, recoveryDefaults, type RecoveryCodes, type RecoveryOptions, type RecoveryStatus, type RecoveryVerdict } from './recovery.ts';
