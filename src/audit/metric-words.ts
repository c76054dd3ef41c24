import type { FlowName } from '../ports/events.ts';
import type { AlarmKind, AttackLevel } from '../ports/alarm.ts';

/** Makes the compiler ask for every word of a union. */
function every<T extends string>(words: Readonly<Record<T, true>>): readonly T[] {
  return Object.freeze(Object.keys(words) as T[]);
}

/** Where something was tried. The last four are limits that several flows share. */
export const flowWords = every<FlowName | 'mail' | 'code' | 'enroll' | 'factor-change' | 'notice'>({
  'sign-up': true, 'confirm-sign-up': true, 'resend-confirmation': true, 'sign-in': true, 'sign-out': true, 'password-change': true, 'forgot-password': true,
  'password-reset': true, 'external-sign-in': true, challenge: true, 'second-factor': true, 'enroll-factor': true, 'confirm-factor': true, 'change-factor': true,
  'recovery-codes': true, 'step-up': true, 'email-change': true, 'confirm-email-change': true, mail: true, code: true, enroll: true, 'factor-change': true, notice: true,
});

export const alarmWords = every<AlarmKind>({
  'signup-enumeration': true, 'forgot-enumeration': true, 'login-enumeration': true, stuffing: true, spraying: true, 'brute-force': true, 'many-accounts': true,
  'mass-signup': true, 'token-guessing': true, 'recovery-code-guessing': true, 'slow-stuffing': true, 'leaked-passwords': true, 'no-address': true,
});

export const levelWords = every<AttackLevel>({ calm: true, elevated: true, attack: true });

/** Why something failed. Of codes and links, all that is not listed is `other`. */
export const failureWords: readonly string[] = Object.freeze([
  'unknown-account', 'wrong-password', 'inactive-account', 'breached-password', 'too-many-failures', 'disowned-password', 'forced-reset', 'challenge-refused', 'changed-meanwhile',
  'unknown-token', 'wrong-code', 'too-many-tries', 'address-taken', 'taken', 'other-browser', 'second-factor', 'nothing-pending', 'replayed', 'malformed', 'disabled',
  'wait', 'none-issued', 'none-enrolled', 'unknown-factor', 'rejected-password', 'error', 'other',
]);

/** Why something was refused: the rules of limits, and the reasons of the other guards. */
export const refusalWords: readonly string[] = Object.freeze([
  'address', 'site', 'noAddress', 'account', 'device', 'step-up', 'refuse', 'busy', 'not-signed-in', 'ended', 'revoked', 'inactive-account', 'password-change-due',
  'challenge', 'enroll', 'sensitive', 'writes', 'all', 'cross-site', 'other',
]);

/** What stands against attacks, one after the other. */
export const defenseWords = Object.freeze([
  'limiter', 'login-guard', 'hasher-gate', 'breach', 'password-policy', 'failure-cap', 'second-factor', 'replay', 'challenge', 'step-up', 'session', 'mfa-policy', 'read-only',
  'cross-site', 'input', 'monitor',
] as const);

export type Defense = (typeof defenseWords)[number];
