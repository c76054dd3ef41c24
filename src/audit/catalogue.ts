import type { EventDetails, EventType } from '../ports/events.ts';

/** The names of the OWASP Application Logging Vocabulary that the library's events map to. */
export type OwaspEventName =
  | 'authn_login_success'
  | 'authn_login_fail'
  | 'authn_password_change'
  | 'authn_password_change_fail'
  | 'authn_token_created'
  | 'excess_rate_limit_exceeded'
  | 'input_validation_fail'
  | 'malicious_cors'
  | 'session_expired'
  | 'sys_crash'
  | 'sys_monitor_disabled'
  | 'sys_monitor_enabled'
  | 'user_created';

/** How loud: `info` is daily life, `warn` is for a dashboard, `critical` is for a person, today. */
export type AuditLevel = 'info' | 'warn' | 'critical';

/** `failure`: somebody was wrong. `denied`: a guard refused. `error`: a part of the system does not work as it should. */
export type AuditOutcome = 'success' | 'failure' | 'denied' | 'error';

/** What a person proved, or failed to prove, who they are with. */
export type AuditFactor = 'password' | 'mailed-token';

type FieldKind<V> = V extends string ? 'text' : V extends number ? 'number' : V extends boolean ? 'flag' : 'texts';

/** One kind of event. */
export interface AuditCatalogueLine<T extends EventType = EventType> {
  readonly owasp: OwaspEventName;
  readonly level: AuditLevel;
  readonly outcome: AuditOutcome;
  /** Absent where the event is about no proof of identity. */
  readonly factors?: readonly AuditFactor[];
  /** One sentence for the person who reads the log. */
  readonly meaning: string;
  /** What is written under `details`. A field that is not named here is dropped. */
  readonly fields: { readonly [F in keyof EventDetails[T]]-?: FieldKind<EventDetails[T][F]> };
}

const password: readonly AuditFactor[] = Object.freeze(['password']);
const mailed: readonly AuditFactor[] = Object.freeze(['mailed-token']);

/**
 * Every event of the library, once (OWASP ASVS 5.0 16.1.1). The vocabulary knows no name for a service or a part that
 * fails; `sys_crash` (it failed) and `sys_monitor_disabled` (a defence is off or weak) are the nearest.
 */
export const auditCatalogue: { readonly [T in EventType]: AuditCatalogueLine<T> } = freezeLines({
  'sign-up.requested': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'Somebody asked for an account; the mailbox has been written to.', fields: { outcome: 'text' } },
  'sign-up.confirmed': { owasp: 'user_created', level: 'info', outcome: 'success', factors: mailed, meaning: 'A sign-up was confirmed and the account exists.', fields: {} },
  'sign-up.resent': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'Somebody asked for the confirmation mail again.', fields: { outcome: 'text' } },
  'sign-up.failed': { owasp: 'input_validation_fail', level: 'warn', outcome: 'failure', factors: mailed, meaning: 'A confirmation was refused.', fields: { reason: 'text' } },
  'sign-in.succeeded': { owasp: 'authn_login_success', level: 'info', outcome: 'success', factors: password, meaning: 'A password was right and opened the account.', fields: { breach: 'text' } },
  'sign-in.failed': { owasp: 'authn_login_fail', level: 'warn', outcome: 'failure', factors: password, meaning: 'A sign-in was refused.', fields: { reason: 'text' } },
  'sign-out.succeeded': { owasp: 'session_expired', level: 'info', outcome: 'success', meaning: 'Somebody signed out.', fields: {} },
  'password-change.succeeded': { owasp: 'authn_password_change', level: 'info', outcome: 'success', factors: password, meaning: 'A signed-in person changed their password.', fields: {} },
  'password-change.failed': { owasp: 'authn_password_change_fail', level: 'warn', outcome: 'failure', factors: password, meaning: 'A password change was refused.', fields: { reason: 'text' } },
  'password-reset.requested': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'Somebody asked for a new password.', fields: { outcome: 'text' } },
  'password-reset.succeeded': { owasp: 'authn_password_change', level: 'warn', outcome: 'success', factors: mailed, meaning: 'A mailed link or code set a new password.', fields: {} },
  'password-reset.failed': { owasp: 'authn_password_change_fail', level: 'warn', outcome: 'failure', factors: mailed, meaning: 'A reset was refused.', fields: { reason: 'text' } },
  'password.rejected': { owasp: 'input_validation_fail', level: 'info', outcome: 'failure', meaning: 'A new password was not good enough.', fields: { flow: 'text', reasons: 'texts' } },
  'request.malformed': { owasp: 'input_validation_fail', level: 'warn', outcome: 'failure', meaning: 'A request carried something that no form of the app sends.', fields: { flow: 'text' } },
  'request.cross-site': { owasp: 'malicious_cors', level: 'critical', outcome: 'denied', meaning: 'A browser sent a request that another site had made.', fields: { route: 'text' } },
  'request.failed': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'A request could not be answered because something broke.', fields: { flow: 'text', error: 'text' } },
  'breach.found': { owasp: 'input_validation_fail', level: 'warn', outcome: 'denied', meaning: 'A password is known to attackers; count says in how many leaks.', fields: { flow: 'text', count: 'number' } },
  'breach.unknown': { owasp: 'sys_monitor_disabled', level: 'warn', outcome: 'error', meaning: 'Nobody could say whether a password is known to attackers.', fields: { flow: 'text', reason: 'text' } },
  'breach.source-failed': { owasp: 'sys_monitor_disabled', level: 'warn', outcome: 'error', meaning: 'A breach source did not answer, or answered nonsense.', fields: { reason: 'text' } },
  'breach.breaker-opened': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'The breach service failed so often that it is left alone for a while.', fields: { openForMs: 'number' } },
  'breach.breaker-closed': { owasp: 'sys_monitor_enabled', level: 'info', outcome: 'success', meaning: 'The breach service answers again.', fields: {} },
  'strength.unknown': { owasp: 'sys_monitor_disabled', level: 'warn', outcome: 'error', meaning: 'The strength of a password could not be estimated; the other checks went on.', fields: { reason: 'text' } },
  'hasher.busy': { owasp: 'excess_rate_limit_exceeded', level: 'warn', outcome: 'denied', meaning: 'More passwords wait to be checked than this machine does in time.', fields: { running: 'number', waiting: 'number', retryAfterMs: 'number' } },
  'hasher.unreadable-hash': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'The stored hash of an account cannot be checked, so its owner cannot sign in.', fields: { reason: 'text' } },
  'hasher.legacy-failed': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'The verifier of older password hashes failed or did not answer.', fields: { error: 'text' } },
  'limiter.refused': { owasp: 'excess_rate_limit_exceeded', level: 'warn', outcome: 'denied', meaning: 'A limit was reached; enforced says whether the request was refused or only would have been.', fields: { limiter: 'text', rule: 'text', enforced: 'flag', retryAfterMs: 'number' } },
  'limiter.overflow': { owasp: 'excess_rate_limit_exceeded', level: 'critical', outcome: 'error', meaning: 'The counters are full: new keys share one strict limit.', fields: { rule: 'text' } },
  'limiter.misconfigured': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'The limits by address cannot work as the app is set up.', fields: { problem: 'text', advice: 'text' } },
  'uniform.floor-outgrown': { owasp: 'sys_monitor_disabled', level: 'warn', outcome: 'error', meaning: 'The work of a route takes longer than the quantum that hides its time.', fields: { route: 'text', p99Ms: 'number', quantumMs: 'number' } },
  'deferred.failed': { owasp: 'sys_crash', level: 'warn', outcome: 'error', meaning: 'Work after an answer (a mail, a record) failed.', fields: { job: 'text', error: 'text' } },
  'deferred.dropped': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'Work after an answer was not done, because too much of it waits.', fields: { job: 'text' } },
  'store.failed': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'A store is gone, late or answered nonsense.', fields: { store: 'text', error: 'text' } },
  'audit.sink-failed': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'A sink of the audit log does not take entries; dropped counts what it has lost.', fields: { sink: 'text', error: 'text', dropped: 'number' } },
});

function freezeLines<T extends object>(lines: T): T {
  for (const line of Object.values(lines) as { readonly fields: object }[]) {
    Object.freeze(line.fields);
    Object.freeze(line);
  }
  return Object.freeze(lines);
}

/** The catalogue's line of an event type, or undefined for anything that is none. */
export function catalogueLine(type: unknown): AuditCatalogueLine | undefined {
  return typeof type === 'string' && Object.hasOwn(auditCatalogue, type) ? auditCatalogue[type as EventType] : undefined;
}
