import { createKeyRing, type EventType, type SecurityEvent } from 'portcullis';
import { createAuditLog, type AuditEntry, type AuditLogOptions } from 'portcullis/audit';
import { fakeClock } from 'portcullis/testing';

export const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });

/** A log with one sink that remembers, after those of `beside`, and a clock that stands still. */
export function setup(options: Partial<AuditLogOptions> = {}, beside: AuditLogOptions['sinks'] = []) {
  const clock = fakeClock();
  const entries: AuditEntry[] = [];
  const warnings: string[] = [];
  const remember = (entry: AuditEntry): void => void entries.push(entry);
  const log = createAuditLog({ keys, sinks: [...beside, remember], clock, warn: (warning) => warnings.push(warning), ...options });
  return { clock, entries, warnings, log };
}

const subject = { accountId: 'account-1', nameTag: 'tag-of-a-name', address: '203.0.113.7' };

/** One event of every kind, with everything it can carry. */
export const examples: { readonly [T in EventType]: Extract<SecurityEvent, { type: T }> } = {
  'sign-up.requested': { type: 'sign-up.requested', ...subject, outcome: 'existing-account' },
  'sign-up.confirmed': { type: 'sign-up.confirmed', ...subject },
  'sign-up.resent': { type: 'sign-up.resent', ...subject, outcome: 'nothing-pending' },
  'sign-up.failed': { type: 'sign-up.failed', ...subject, reason: 'unknown-token' },
  'sign-in.succeeded': { type: 'sign-in.succeeded', ...subject, pathway: 'password', proofs: ['password', 'totp'], stage: 'full', knownDevice: true },
  'sign-in.pending': { type: 'sign-in.pending', ...subject, pathway: 'password', needs: 'second-factor' },
  'sign-in.failed': { type: 'sign-in.failed', ...subject, reason: 'wrong-password' },
  'password.closed-to-strangers': { type: 'password.closed-to-strangers', ...subject, failures: 50 },
  'password.disowned': { type: 'password.disowned', ...subject },
  'second-factor.succeeded': { type: 'second-factor.succeeded', ...subject, flow: 'second-factor', method: 'totp' },
  'second-factor.failed': { type: 'second-factor.failed', ...subject, flow: 'second-factor', method: 'totp', reason: 'wrong-code' },
  'factor.enrollment-started': { type: 'factor.enrollment-started', ...subject, kind: 'totp', proof: 'mailed-link' },
  'sign-in.unusual': { type: 'sign-in.unusual', ...subject, because: 'new-browser' },
  'factor.enrollment-refused': { type: 'factor.enrollment-refused', ...subject, reason: 'mailed-link-needed' },
  'factor.enrolled': { type: 'factor.enrolled', ...subject, factorId: 'factor-1', kind: 'totp' },
  'factor.removed': { type: 'factor.removed', ...subject, factorId: 'factor-1', by: 'admin' },
  'factor.suspended': { type: 'factor.suspended', ...subject, factorId: 'factor-1' },
  'factor.restored': { type: 'factor.restored', ...subject, factorId: 'factor-1' },
  'factor.change-refused': { type: 'factor.change-refused', ...subject, flow: 'change-factor', reason: 'last-factor' },
  'factor.disabled': { type: 'factor.disabled', ...subject, factorId: 'factor-1', failures: 50 },
  'factor.replayed': { type: 'factor.replayed', ...subject, factorId: 'factor-1' },
  'factor.drifted': { type: 'factor.drifted', ...subject, factorId: 'factor-1', steps: -1 },
  'factor.unreadable': { type: 'factor.unreadable', ...subject, factorId: 'factor-1', reason: 'unknown-key' },
  'factor.records-lost': { type: 'factor.records-lost', ...subject },
  'recovery-codes.issued': { type: 'recovery-codes.issued', ...subject, count: 10 },
  'recovery-code.used': { type: 'recovery-code.used', ...subject, left: 2 },
  'device.remembered': { type: 'device.remembered', ...subject, secondFactor: true },
  'device.replayed': { type: 'device.replayed', ...subject },
  'device.revoked': { type: 'device.revoked', ...subject, which: 'all' },
  'challenge.mailed': { type: 'challenge.mailed', ...subject, purpose: 'sign-in' },
  'challenge.confirmed': { type: 'challenge.confirmed', ...subject, purpose: 'enroll' },
  'challenge.failed': { type: 'challenge.failed', ...subject, reason: 'other-browser' },
  'challenge.disowned': { type: 'challenge.disowned', ...subject },
  'challenge.own-failed': { type: 'challenge.own-failed', ...subject, error: 'Error' },
  'step-up.required': { type: 'step-up.required', ...subject, action: 'export', missing: ['totp'], expired: ['password'] },
  'step-up.succeeded': { type: 'step-up.succeeded', ...subject, proofs: ['password'] },
  'step-up.failed': { type: 'step-up.failed', ...subject, reason: 'wrong-code' },
  'session.refused': { type: 'session.refused', ...subject, reason: 'ended', action: 'any' },
  'session.epoch-raised': { type: 'session.epoch-raised', ...subject, scope: 'organization', id: 'team-1', by: 'account-9' },
  'mfa.refused': { type: 'mfa.refused', ...subject, verdict: 'enroll', action: 'any' },
  'mfa.policy-changed': { type: 'mfa.policy-changed', ...subject, scope: 'organization team-1', required: true, by: 'account-9' },
  'mfa.factors-removed': { type: 'mfa.factors-removed', ...subject, by: 'account-9', count: 2 },
  'mfa.reminded': { type: 'mfa.reminded', ...subject, daysLeft: 7 },
  'reset.marked': { type: 'reset.marked', ...subject, reason: 'compromised', by: 'admin-1' },
  'reset.marked-before': { type: 'reset.marked-before', ...subject, beforeMs: 1_572_000_000_000, reason: 'incident', by: 'admin-1', organization: 'team-1' },
  'reset.lifted': { type: 'reset.lifted', ...subject, by: 'admin-1', organization: 'team-1' },
  'reset.cleared': { type: 'reset.cleared', ...subject, reason: 'compromised' },
  'reset.job-finished': { type: 'reset.job-finished', ...subject, job: 'incident-7', reason: 'incident', by: 'admin-1', seen: 9, matched: 5, marked: 3, already: 1, failed: 1 },
  'email-change.requested': { type: 'email-change.requested', ...subject, outcome: 'mailed' },
  'email-change.succeeded': { type: 'email-change.succeeded', ...subject },
  'email-change.failed': { type: 'email-change.failed', ...subject, reason: 'taken' },
  'sign-out.succeeded': { type: 'sign-out.succeeded', ...subject },
  'password-change.succeeded': { type: 'password-change.succeeded', ...subject },
  'password-change.failed': { type: 'password-change.failed', ...subject, reason: 'wrong-password' },
  'password-reset.requested': { type: 'password-reset.requested', ...subject, outcome: 'mailed' },
  'password-reset.succeeded': { type: 'password-reset.succeeded', ...subject },
  'password-reset.failed': { type: 'password-reset.failed', ...subject, reason: 'too-many-tries' },
  'password.rejected': { type: 'password.rejected', ...subject, flow: 'sign-up', reasons: ['too-short', 'common'] },
  'request.malformed': { type: 'request.malformed', ...subject, flow: 'sign-in' },
  'request.cross-site': { type: 'request.cross-site', ...subject, route: '/login' },
  'request.failed': { type: 'request.failed', ...subject, flow: 'sign-in', error: 'StoreError ERR_STORE' },
  'breach.found': { type: 'breach.found', ...subject, flow: 'sign-in', count: 4242 },
  'breach.unknown': { type: 'breach.unknown', ...subject, flow: 'sign-in', reason: 'late' },
  'breach.source-failed': { type: 'breach.source-failed', ...subject, reason: 'range: late' },
  'breach.breaker-opened': { type: 'breach.breaker-opened', ...subject, openForMs: 30_000 },
  'breach.breaker-closed': { type: 'breach.breaker-closed', ...subject },
  'strength.unknown': { type: 'strength.unknown', ...subject, reason: 'late' },
  'hasher.busy': { type: 'hasher.busy', ...subject, running: 2, waiting: 16, retryAfterMs: 900 },
  'hasher.unreadable-hash': { type: 'hasher.unreadable-hash', ...subject, reason: 'malformed' },
  'hasher.legacy-failed': { type: 'hasher.legacy-failed', ...subject, error: 'TypeError' },
  'limiter.refused': { type: 'limiter.refused', ...subject, limiter: 'sign-in', rule: 'perAddress', enforced: true, retryAfterMs: 5_000 },
  'limiter.overflow': { type: 'limiter.overflow', ...subject, rule: 'sign-in/perAddress' },
  'limiter.misconfigured': { type: 'limiter.misconfigured', ...subject, problem: 'one-address', advice: 'Trust the proxy in front.' },
  'uniform.floor-outgrown': { type: 'uniform.floor-outgrown', ...subject, route: 'sign-in', p99Ms: 240, quantumMs: 250 },
  'deferred.failed': { type: 'deferred.failed', ...subject, job: 'mail', error: 'Error ECONNREFUSED' },
  'deferred.dropped': { type: 'deferred.dropped', ...subject, job: 'mail' },
  'store.failed': { type: 'store.failed', ...subject, store: 'records', error: 'Error' },
  'read-only.changed': { type: 'read-only.changed', ...subject, level: 'writes', scope: 'organization team-1', reason: 'spam is being sent', by: 'account-9', forMs: 3_600_000 },
  'read-only.lifted': { type: 'read-only.lifted', ...subject, scope: 'everyone', by: 'account-9' },
  'read-only.refused': { type: 'read-only.refused', ...subject, level: 'writes', scope: 'everyone', what: 'POST', count: 12 },
  'read-only.break-glass': { type: 'read-only.break-glass', ...subject, level: 'all', what: 'POST', count: 1 },
  'read-only.state-unknown': { type: 'read-only.state-unknown', ...subject, known: false, error: 'StoreError ERR_STORE' },
  'read-only.record-lost': { type: 'read-only.record-lost', ...subject, switches: 2 },
  'audit.sink-failed': { type: 'audit.sink-failed', ...subject, sink: 'file', error: 'Error ENOSPC', dropped: 3 },
  'audit.revealed': { type: 'audit.revealed', ...subject, by: 'operator-1', reason: 'attack of 2026-01-01', count: 12 },
  'audit.chain-broken': { type: 'audit.chain-broken', ...subject, sink: 'file', problem: 'truncated' },
};
