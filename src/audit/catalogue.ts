import type { EventDetails, EventType } from '../ports/events.ts';

/** The names of the OWASP Application Logging Vocabulary that the library's events map to. */
export type OwaspEventName =
  | 'authn_login_success'
  | 'authn_login_fail'
  | 'authn_login_fail_max'
  | 'authn_password_change'
  | 'authn_password_change_fail'
  | 'authn_token_created'
  | 'authn_token_reuse'
  | 'authn_token_revoked'
  | 'authz_admin'
  | 'authz_change'
  | 'authz_fail'
  | 'excess_rate_limit_exceeded'
  | 'input_validation_fail'
  | 'malicious_cors'
  | 'session_expired'
  | 'sys_crash'
  | 'sys_monitor_disabled'
  | 'sys_monitor_enabled'
  | 'user_created'
  | 'user_updated';

/** How loud: `info` is daily life, `warn` is for a dashboard, `critical` is for a person, today. */
export type AuditLevel = 'info' | 'warn' | 'critical';

/** `failure`: somebody was wrong. `denied`: a guard refused. `error`: a part of the system does not work as it should. */
export type AuditOutcome = 'success' | 'failure' | 'denied' | 'error';

/** What a person proved, or failed to prove, who they are with. */
export type AuditFactor = 'password' | 'mailed-token' | 'totp' | 'recovery-code';

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
const second: readonly AuditFactor[] = Object.freeze(['totp', 'recovery-code']);
const codes: readonly AuditFactor[] = Object.freeze(['recovery-code']);
const totp: readonly AuditFactor[] = Object.freeze(['totp']);

/**
 * Every event of the library, once (OWASP ASVS 5.0 16.1.1). The vocabulary knows no name for a service or a part that
 * fails; `sys_crash` (it failed) and `sys_monitor_disabled` (a defence is off or weak) are the nearest.
 */
export const auditCatalogue: { readonly [T in EventType]: AuditCatalogueLine<T> } = freezeLines({
  'sign-up.requested': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'Somebody asked for an account; the mailbox has been written to.', fields: { outcome: 'text' } },
  'sign-up.confirmed': { owasp: 'user_created', level: 'info', outcome: 'success', factors: mailed, meaning: 'A sign-up was confirmed and the account exists.', fields: {} },
  'sign-up.resent': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'Somebody asked for the confirmation mail again.', fields: { outcome: 'text' } },
  'sign-up.failed': { owasp: 'input_validation_fail', level: 'warn', outcome: 'failure', factors: mailed, meaning: 'A confirmation was refused.', fields: { reason: 'text' } },
  'sign-in.succeeded': { owasp: 'authn_login_success', level: 'info', outcome: 'success', meaning: 'Somebody signed in; proofs says with what, stage how far it reaches.', fields: { pathway: 'text', proofs: 'texts', stage: 'text', knownDevice: 'flag' } },
  'sign-in.pending': { owasp: 'authn_login_success', level: 'info', outcome: 'success', meaning: 'The first proof was right; needs says what is still missing. Nothing is open yet.', fields: { pathway: 'text', needs: 'text' } },
  'sign-in.unusual': { owasp: 'authn_login_success', level: 'warn', outcome: 'success', meaning: 'A sign-in that its owner is told of: from a new browser, after wrong passwords in a row, or after a long time.', fields: { because: 'text' } },
  'sign-in.failed': { owasp: 'authn_login_fail', level: 'warn', outcome: 'failure', factors: password, meaning: 'A sign-in was refused.', fields: { reason: 'text', knownDevice: 'flag', repeated: 'flag', reasons: 'texts' } },
  'password.closed-to-strangers': { owasp: 'authn_login_fail_max', level: 'critical', outcome: 'denied', factors: password, meaning: 'So many wrong passwords in a row that this password opens nothing from an unknown browser.', fields: { failures: 'number' } },
  'password.disowned': { owasp: 'authn_password_change_fail', level: 'critical', outcome: 'denied', factors: mailed, meaning: 'The owner says that a sign-in with the right password was not theirs: it opens nothing any more.', fields: {} },
  'second-factor.succeeded': { owasp: 'authn_login_success', level: 'info', outcome: 'success', factors: second, meaning: 'A second factor was right.', fields: { flow: 'text', method: 'text' } },
  'second-factor.failed': { owasp: 'authn_login_fail', level: 'warn', outcome: 'failure', factors: second, meaning: 'A second factor was refused after a right password.', fields: { flow: 'text', method: 'text', reason: 'text' } },
  'factor.enrollment-started': { owasp: 'authz_change', level: 'info', outcome: 'success', meaning: 'Somebody began to enroll a second factor; proof says what let them.', fields: { kind: 'text', proof: 'text' } },
  'factor.enrollment-refused': { owasp: 'authz_fail', level: 'warn', outcome: 'denied', meaning: 'A second factor was not to be enrolled on what the session has proved.', fields: { reason: 'text' } },
  'factor.enrolled': { owasp: 'authz_change', level: 'warn', outcome: 'success', factors: totp, meaning: 'A second factor was confirmed and counts from now on.', fields: { factorId: 'text', kind: 'text' } },
  'factor.removed': { owasp: 'authz_change', level: 'critical', outcome: 'success', meaning: 'A second factor was removed; by says whether its owner or an administrator did it.', fields: { factorId: 'text', by: 'text' } },
  'factor.suspended': { owasp: 'authz_change', level: 'warn', outcome: 'success', meaning: 'A second factor was reported lost and opens nothing.', fields: { factorId: 'text' } },
  'factor.restored': { owasp: 'authz_change', level: 'warn', outcome: 'success', meaning: 'A suspended or disabled second factor works again.', fields: { factorId: 'text' } },
  'factor.change-refused': { owasp: 'authz_fail', level: 'warn', outcome: 'denied', meaning: 'A change of second factors or of known browsers could not be made.', fields: { flow: 'text', reason: 'text' } },
  'factor.disabled': { owasp: 'authn_login_fail_max', level: 'critical', outcome: 'denied', factors: totp, meaning: 'So many wrong codes in a row that the factor is disabled; it still counts as enrolled.', fields: { factorId: 'text', failures: 'number' } },
  'factor.replayed': { owasp: 'authn_token_reuse', level: 'critical', outcome: 'denied', factors: totp, meaning: 'A code was used a second time: two people may have it.', fields: { factorId: 'text' } },
  'factor.drifted': { owasp: 'sys_monitor_enabled', level: 'info', outcome: 'success', meaning: 'The clock of an authenticator is off by so many steps.', fields: { factorId: 'text', steps: 'number' } },
  'factor.unreadable': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'The sealed secret of a factor cannot be opened, so its owner cannot pass with it.', fields: { factorId: 'text', reason: 'text' } },
  'factor.records-lost': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'The app says that an account has a second factor, and the record store knows none: it stays shut.', fields: {} },
  'recovery-codes.issued': { owasp: 'authn_token_created', level: 'warn', outcome: 'success', meaning: 'Recovery codes were issued; older ones are void.', fields: { count: 'number' } },
  'recovery-code.used': { owasp: 'authn_login_success', level: 'warn', outcome: 'success', factors: codes, meaning: 'A recovery code was used up.', fields: { left: 'number' } },
  'device.remembered': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'A browser is known to an account from now on.', fields: { secondFactor: 'flag' } },
  'device.replayed': { owasp: 'authn_token_reuse', level: 'critical', outcome: 'denied', meaning: 'An old copy of a device cookie was shown: somebody may have stolen it, and the browser is known no more.', fields: {} },
  'device.revoked': { owasp: 'authn_token_revoked', level: 'info', outcome: 'success', meaning: 'Browsers of an account are known no more.', fields: { which: 'text' } },
  'challenge.mailed': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'A link was mailed that must be opened in the browser that asked.', fields: { purpose: 'text' } },
  'challenge.confirmed': { owasp: 'authn_login_success', level: 'info', outcome: 'success', factors: mailed, meaning: 'A mailed link was confirmed in the browser that asked.', fields: { purpose: 'text' } },
  'challenge.failed': { owasp: 'authn_login_fail', level: 'warn', outcome: 'failure', factors: mailed, meaning: 'A mailed link was refused.', fields: { reason: 'text' } },
  'challenge.disowned': { owasp: 'authn_token_revoked', level: 'critical', outcome: 'denied', factors: mailed, meaning: 'The owner of a mailbox says that a sign-in was not theirs.', fields: {} },
  'challenge.own-failed': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'The challenge of the app itself failed or did not answer; the sign-in was refused.', fields: { error: 'text' } },
  'step-up.required': { owasp: 'authz_fail', level: 'info', outcome: 'denied', meaning: 'A sensitive action asked for a newer or a stronger proof.', fields: { action: 'text', missing: 'texts', expired: 'texts' } },
  'step-up.succeeded': { owasp: 'authn_login_success', level: 'info', outcome: 'success', meaning: 'A signed-in person proved again who they are.', fields: { proofs: 'texts' } },
  'step-up.failed': { owasp: 'authn_login_fail', level: 'warn', outcome: 'failure', meaning: 'A signed-in person failed to prove again who they are.', fields: { reason: 'text' } },
  'session.refused': { owasp: 'authz_fail', level: 'warn', outcome: 'denied', meaning: 'Somebody who is not signed in, or not any more, was stopped.', fields: { reason: 'text', action: 'text' } },
  'session.ended': { owasp: 'authn_token_revoked', level: 'warn', outcome: 'success', meaning: 'One session of an account was ended from another one; by says on whose order.', fields: { by: 'text' } },
  'session.epoch-raised': { owasp: 'authn_token_revoked', level: 'critical', outcome: 'success', meaning: 'All sessions of everyone, of an organization or of an account were ended; by says on whose order.', fields: { scope: 'text', id: 'text', by: 'text' } },
  'mfa.refused': { owasp: 'authz_fail', level: 'warn', outcome: 'denied', meaning: 'A session without the second factor that a policy asks for was stopped.', fields: { verdict: 'text', action: 'text' } },
  'mfa.policy-changed': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'An administrator changed who must have a second factor.', fields: { scope: 'text', required: 'flag', by: 'text' } },
  'mfa.factors-removed': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'An administrator removed every second factor of an account; it must enroll anew.', fields: { by: 'text', count: 'number' } },
  'mfa.reminded': { owasp: 'authn_token_created', level: 'info', outcome: 'success', meaning: 'Somebody was reminded that a second factor is due.', fields: { daysLeft: 'number' } },
  'reset.marked': { owasp: 'authz_admin', level: 'warn', outcome: 'success', meaning: 'An account must have a new password; reason says why.', fields: { reason: 'text', by: 'text' } },
  'reset.marked-before': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'Every password that was set before a moment must be replaced, in the whole app or in one organization.', fields: { beforeMs: 'number', reason: 'text', by: 'text', organization: 'text' } },
  'reset.lifted': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'An order to replace passwords was taken back: for the account named, for an organization, or for the whole app.', fields: { by: 'text', organization: 'text' } },
  'reset.cleared': { owasp: 'authn_password_change', level: 'info', outcome: 'success', meaning: 'A new password was stored where one was demanded; reason says why it was.', fields: { reason: 'text' } },
  'reset.job-finished': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'A job that marks accounts for a new password has come to its end.', fields: { job: 'text', reason: 'text', by: 'text', seen: 'number', matched: 'number', marked: 'number', already: 'number', failed: 'number' } },
  'email-change.requested': { owasp: 'authn_token_created', level: 'warn', outcome: 'success', meaning: 'Somebody asked to move an account to another address.', fields: { outcome: 'text' } },
  'email-change.succeeded': { owasp: 'user_updated', level: 'critical', outcome: 'success', factors: mailed, meaning: 'An account has another address.', fields: {} },
  'email-change.failed': { owasp: 'authz_fail', level: 'warn', outcome: 'failure', factors: mailed, meaning: 'A change of address was refused.', fields: { reason: 'text' } },
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
  'login-guard.decided': { owasp: 'authn_login_fail_max', level: 'warn', outcome: 'denied', factors: password, meaning: 'Evidence asked for more than a password, or for nothing at all; enforced: whether it was so or only would be.', fields: { verdict: 'text', reasons: 'texts', enforced: 'flag', flow: 'text' } },
  'login-guard.surge': { owasp: 'excess_rate_limit_exceeded', level: 'critical', outcome: 'failure', meaning: 'Strangers fail more often than is usual here, wherever they come from: that began or ended.', fields: { state: 'text', test: 'text' } },
  'limiter.refused': { owasp: 'excess_rate_limit_exceeded', level: 'warn', outcome: 'denied', meaning: 'A limit was reached; enforced says whether the request was refused or only would have been.', fields: { limiter: 'text', rule: 'text', enforced: 'flag', retryAfterMs: 'number' } },
  'limiter.overflow': { owasp: 'excess_rate_limit_exceeded', level: 'critical', outcome: 'error', meaning: 'The counters are full: new keys share one strict limit.', fields: { rule: 'text' } },
  'limiter.misconfigured': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'The limits by address cannot work as the app is set up.', fields: { problem: 'text', advice: 'text' } },
  'uniform.floor-outgrown': { owasp: 'sys_monitor_disabled', level: 'warn', outcome: 'error', meaning: 'The work of a route takes longer than the quantum that hides its time.', fields: { route: 'text', p99Ms: 'number', quantumMs: 'number' } },
  'deferred.failed': { owasp: 'sys_crash', level: 'warn', outcome: 'error', meaning: 'Work after an answer (a mail, a record) failed.', fields: { job: 'text', error: 'text' } },
  'deferred.dropped': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'Work after an answer was not done, because too much of it waits.', fields: { job: 'text' } },
  'store.failed': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'A store is gone, late or answered nonsense.', fields: { store: 'text', error: 'text' } },
  'store.degraded': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'A store is away: counters are kept by each process for itself, writes of records are refused, until it returns.', fields: { store: 'text', error: 'text' } },
  'store.recovered': { owasp: 'sys_monitor_enabled', level: 'warn', outcome: 'success', meaning: 'A store is back; settled says how many keys it was told the attempts of, lost of how many it was not.', fields: { store: 'text', afterMs: 'number', settled: 'number', lost: 'number' } },
  'read-only.changed': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'An operator made the app read-only for everyone, an organization or a user; forMs is 0 where it stays until it is lifted.', fields: { level: 'text', scope: 'text', reason: 'text', by: 'text', forMs: 'number' } },
  'read-only.lifted': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'An operator lifted read-only mode.', fields: { scope: 'text', by: 'text' } },
  'read-only.refused': { owasp: 'authz_fail', level: 'warn', outcome: 'denied', meaning: 'Read-only mode refused requests; told once a second for each scope, count says how many.', fields: { level: 'text', scope: 'text', what: 'text', count: 'number' } },
  'read-only.break-glass': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'An operator did what read-only mode refuses to others; told once a minute for each kind of request, count says how many.', fields: { level: 'text', what: 'text', count: 'number' } },
  'read-only.state-unknown': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'Nobody can say whether the app is read-only; known says whether the last known state holds, or what is declared for that.', fields: { known: 'flag', error: 'text' } },
  'read-only.record-lost': { owasp: 'sys_crash', level: 'critical', outcome: 'error', meaning: 'The store lost switches of read-only mode that are on; a process that knows them holds on to them and writes them back.', fields: { switches: 'number' } },
  'incident.step': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'A step of containing an incident has ended; outcome says whether it is done or has failed, error what stopped it.', fields: { id: 'text', step: 'text', outcome: 'text', tookMs: 'number', by: 'text', error: 'text' } },
  'incident.contained': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'Everything that was ordered to contain an incident is done.', fields: { id: 'text', by: 'text', affected: 'number' } },
  'incident.lifted': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'An incident was lifted; readOnly says what became of read-only mode.', fields: { id: 'text', by: 'text', readOnly: 'text' } },
  'alarm.raised': { owasp: 'excess_rate_limit_exceeded', level: 'critical', outcome: 'failure', meaning: 'An attack was noticed; kind says which, entered how many accounts came in meanwhile.', fields: { id: 'text', kind: 'text', oat: 'text', level: 'text', count: 'number', networks: 'number', accounts: 'number', entered: 'number' } },
  'alarm.grown': { owasp: 'excess_rate_limit_exceeded', level: 'critical', outcome: 'failure', meaning: 'An attack that was noticed goes on.', fields: { id: 'text', kind: 'text', oat: 'text', level: 'text', count: 'number', networks: 'number', accounts: 'number', entered: 'number' } },
  'alarm.ended': { owasp: 'excess_rate_limit_exceeded', level: 'warn', outcome: 'failure', meaning: 'An attack has been quiet for a while.', fields: { id: 'text', kind: 'text', oat: 'text', level: 'text', count: 'number', networks: 'number', accounts: 'number', entered: 'number' } },
  'attack.level-changed': { owasp: 'sys_monitor_enabled', level: 'critical', outcome: 'success', meaning: 'The highest level of the alarms that are on is another one.', fields: { from: 'text', to: 'text' } },
  'alarm.sink-failed': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'A sink of alarms does not take them; dropped counts what it has lost.', fields: { sink: 'text', error: 'text', dropped: 'number' } },
  'audit.sink-failed': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'A sink of the audit log does not take entries; dropped counts what it has lost.', fields: { sink: 'text', error: 'text', dropped: 'number' } },
  'audit.purged': { owasp: 'authz_admin', level: 'warn', outcome: 'success', meaning: 'Old files of the log were removed; lastTime is the time of the last entry that went.', fields: { files: 'number', lastTime: 'text' } },
  'audit.revealed': { owasp: 'authz_admin', level: 'critical', outcome: 'success', meaning: 'Somebody has looked at network addresses of the log in full; count says at how many.', fields: { by: 'text', reason: 'text', count: 'number' } },
  'audit.chain-broken': { owasp: 'sys_monitor_disabled', level: 'critical', outcome: 'error', meaning: 'The end of a log file is not the one that the record store knows: lines may have been removed.', fields: { sink: 'text', problem: 'text' } },
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
