export type { CommonPasswords } from './common.ts';
export { passwordPolicyDefaults, type BreachAnswer, type BreachCheck, type PasswordPolicyOptions } from './options.ts';
export { createPasswordPolicy, type PasswordCheck, type PasswordPolicy, type PasswordVerdict } from './policy.ts';
export type { PasswordReason, PasswordReasonCode } from './reasons.ts';
