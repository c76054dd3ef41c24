import type { AlarmKind, OatId } from '../ports/alarm.ts';

/** What is known of a kind of alarm without looking at one. */
export interface AlarmKindLine {
  /** The id among the OWASP Automated Threats. Absent for `no-address`, which is none. */
  readonly oat?: OatId;
  /** For a headline. */
  readonly title: string;
  /** What `count` counts. */
  readonly counted: string;
  /** What to do against it, beside containing who was entered. */
  readonly next: string;
}

const edge = 'Refuse its networks at your edge if it goes on.';

/**
 * Every kind of alarm, once. Spraying and enumeration of names are credential cracking, and tokens and recovery codes are
 * nearest to token cracking (OWASP Automated Threats, OAT-007 and OAT-002).
 */
export const alarmKinds: Readonly<Record<AlarmKind, AlarmKindLine>> = freezeLines({
  'signup-enumeration': { oat: 'OAT-007', title: 'Enumeration at sign-up', counted: 'sign-ups', next: edge },
  'forgot-enumeration': { oat: 'OAT-007', title: 'Enumeration at password reset', counted: 'requests', next: edge },
  'login-enumeration': { oat: 'OAT-007', title: 'Enumeration at sign-in', counted: 'attempts', next: edge },
  stuffing: { oat: 'OAT-008', title: 'Credential stuffing', counted: 'attempts', next: 'Ask strangers for more, and refuse its networks at your edge if it goes on.' },
  spraying: { oat: 'OAT-007', title: 'Password spraying', counted: 'attempts', next: 'Ask strangers for more; see that the password is refused when it is chosen.' },
  'brute-force': { oat: 'OAT-007', title: 'Brute force on one account', counted: 'attempts', next: 'Tell the owner, and see that the account has a second factor.' },
  'many-accounts': { oat: 'OAT-008', title: 'Several accounts entered from one source', counted: 'sign-ins', next: 'Ask the owners whether it was them; a new office looks alike.' },
  'mass-signup': { oat: 'OAT-019', title: 'Mass sign-up', counted: 'sign-ups', next: 'Look at the new accounts, and ask more of those who sign up.' },
  'token-guessing': { oat: 'OAT-002', title: 'Guessing of mailed tokens', counted: 'attempts', next: edge },
  'recovery-code-guessing': { oat: 'OAT-002', title: 'Guessing of recovery codes', counted: 'attempts', next: 'Whoever guesses codes has the password: order a new one.' },
  'slow-stuffing': { oat: 'OAT-008', title: 'Slow, distributed credential stuffing', counted: 'attempts', next: 'Ask strangers for more until it is over: no network can be refused for it.' },
  'leaked-passwords': { oat: 'OAT-008', title: 'Passwords from leaks', counted: 'attempts', next: 'Order new passwords for the accounts that were tried: theirs are known to somebody.' },
  'no-address': { title: 'Requests without a network address', counted: 'requests', next: 'No attack: look at the proxy in front of the app, which passes no client address on.' },
});

function freezeLines<T extends object>(lines: T): T {
  for (const line of Object.values(lines)) Object.freeze(line);
  return Object.freeze(lines);
}

export function isAlarmKind(kind: unknown): kind is AlarmKind {
  return typeof kind === 'string' && Object.hasOwn(alarmKinds, kind);
}
