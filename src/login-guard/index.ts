export { loginGuardDefaults } from './defaults.ts';
export { createLoginGuard } from './login-guard.ts';
export type { GuardPass, GuardReason, LoginGuard, LoginGuardOptions, StrangerAttempt } from './login-guard.ts';
export type { GuardReceipt } from './receipt.ts';
