import type { AlarmKind, AlarmLevel } from '../../ports/alarm.ts';

/** What a kind of alarm means here, beside its line in `alarmKinds`. */
export interface KindTerms {
  readonly level: AlarmLevel;
  /** It comes from anywhere: strangers who came in since a day before it began belong to it, whatever their network. */
  readonly spread?: true;
}

/** `attack`: somebody has right passwords, or is after those of many. The rest is `elevated`: somebody looks around. */
export const kindTerms: Readonly<Record<AlarmKind, KindTerms>> = Object.freeze({
  'signup-enumeration': { level: 'elevated' },
  'forgot-enumeration': { level: 'elevated' },
  'login-enumeration': { level: 'elevated' },
  stuffing: { level: 'attack' },
  spraying: { level: 'attack', spread: true },
  'brute-force': { level: 'elevated' },
  'many-accounts': { level: 'attack' },
  'mass-signup': { level: 'elevated' },
  'token-guessing': { level: 'elevated' },
  'recovery-code-guessing': { level: 'attack' },
  'slow-stuffing': { level: 'attack', spread: true },
  'leaked-passwords': { level: 'attack' },
  'no-address': { level: 'elevated' },
});
