import type { AlarmKind, OatId } from '../ports/alarm.ts';

/** What is known of a kind of alarm without looking at one. */
export interface AlarmKindLine {
  /** The id among the OWASP Automated Threats. Absent for `no-address`, which is none. */
  readonly oat?: OatId;
  /** For a headline. */
  readonly title: string;
  /** What `count` counts. */
  readonly counted: string;
}

/**
 * Every kind of alarm, once. Spraying and enumeration of names are credential cracking, and tokens and recovery codes are
 * nearest to token cracking (OWASP Automated Threats, OAT-007 and OAT-002).
 */
export const alarmKinds: Readonly<Record<AlarmKind, AlarmKindLine>> = freezeLines({
  'signup-enumeration': { oat: 'OAT-007', title: 'Enumeration at sign-up', counted: 'sign-ups' },
  'forgot-enumeration': { oat: 'OAT-007', title: 'Enumeration at password reset', counted: 'requests' },
  'login-enumeration': { oat: 'OAT-007', title: 'Enumeration at sign-in', counted: 'attempts' },
  stuffing: { oat: 'OAT-008', title: 'Credential stuffing', counted: 'attempts' },
  spraying: { oat: 'OAT-007', title: 'Password spraying', counted: 'attempts' },
  'brute-force': { oat: 'OAT-007', title: 'Brute force on one account', counted: 'attempts' },
  'many-accounts': { oat: 'OAT-008', title: 'Several accounts entered from one source', counted: 'sign-ins' },
  'mass-signup': { oat: 'OAT-019', title: 'Mass sign-up', counted: 'sign-ups' },
  'token-guessing': { oat: 'OAT-002', title: 'Guessing of mailed tokens', counted: 'attempts' },
  'recovery-code-guessing': { oat: 'OAT-002', title: 'Guessing of recovery codes', counted: 'attempts' },
  'slow-stuffing': { oat: 'OAT-008', title: 'Slow, distributed credential stuffing', counted: 'attempts' },
  'leaked-passwords': { oat: 'OAT-008', title: 'Passwords from leaks', counted: 'attempts' },
  'no-address': { title: 'Requests without a network address', counted: 'requests' },
});

function freezeLines<T extends object>(lines: T): T {
  for (const line of Object.values(lines)) Object.freeze(line);
  return Object.freeze(lines);
}

export function isAlarmKind(kind: unknown): kind is AlarmKind {
  return typeof kind === 'string' && Object.hasOwn(alarmKinds, kind);
}
