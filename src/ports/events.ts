/** Who an event is about, as far as it is known. `nameTag` is a keyed digest of the identifier, never the identifier. */
export interface EventSubject {
  readonly accountId?: string;
  readonly nameTag?: string;
  /** The plain network address. It stays inside the process: the audit log seals it. */
  readonly address?: string;
}

/** The ways in and the ways to a new password. */
export type FlowName =
  | 'sign-up'
  | 'confirm-sign-up'
  | 'resend-confirmation'
  | 'sign-in'
  | 'sign-out'
  | 'password-change'
  | 'forgot-password'
  | 'password-reset'
  | 'external-sign-in'
  | 'challenge'
  | 'second-factor'
  | 'enroll-factor'
  | 'confirm-factor'
  | 'change-factor'
  | 'recovery-codes'
  | 'step-up'
  | 'email-change'
  | 'confirm-email-change';

/** What an event tells of an alarm. The alarm itself, with names and networks, goes to `onAlarm`. */
export interface AlarmFigures {
  readonly id: string;
  readonly kind: string;
  /** Its id among the OWASP Automated Threats. */
  readonly oat?: string;
  readonly level: 'elevated' | 'attack';
  readonly count: number;
  readonly networks: number;
  readonly accounts: number;
  readonly entered: number;
}

/** Every event of the library and what it carries beside {@link EventSubject}. Closed: the audit catalogue lists each. */
export interface EventDetails {
  'sign-up.requested': { readonly outcome: 'pending' | 'existing-account' };
  'sign-up.confirmed': object;
  'sign-up.resent': { readonly outcome: 'mailed' | 'start-again' | 'existing-account' | 'nothing-pending' };
  'sign-up.failed': { readonly reason: 'unknown-token' | 'wrong-code' | 'too-many-tries' | 'address-taken' };
  'sign-in.succeeded': { readonly pathway: string; readonly proofs: readonly string[]; readonly stage: 'full' | 'enroll' | 'change-password'; readonly knownDevice: boolean };
  'sign-in.pending': { readonly pathway: string; readonly needs: 'second-factor' | 'mailed-link' };
  'sign-in.unusual': { readonly because: 'new-browser' | 'after-failures' | 'after-a-long-time' };
  /** `suspicious`: the password was right, and nobody could be asked for more. `refused-network`: it was not looked at. */
  'sign-in.failed': {
    readonly reason: 'unknown-account' | 'wrong-password' | 'inactive-account' | 'breached-password' | 'too-many-failures' | 'disowned-password' | 'forced-reset' | 'challenge-refused' | 'changed-meanwhile' | 'suspicious' | 'refused-network';
    /** Whether the account knows the browser; absent where nobody has looked. */
    readonly knownDevice?: boolean;
    /** The same wrong password has failed at this account today; absent where nobody counts. */
    readonly repeated?: boolean;
    /** What the login guard knew against the attempt. */
    readonly reasons?: readonly string[];
  };
  'password.closed-to-strangers': { readonly failures: number };
  'password.disowned': object;
  'second-factor.succeeded': { readonly flow: FlowName; readonly method: string };
  'second-factor.failed': { readonly flow: FlowName; readonly method: string; readonly reason: string };
  'factor.enrollment-started': { readonly kind: string; readonly proof: string };
  'factor.enrollment-refused': { readonly reason: 'mailed-link-needed' | 'step-up-needed' | 'too-many-factors' | 'not-signed-in' };
  'factor.enrolled': { readonly factorId: string; readonly kind: string };
  'factor.removed': { readonly factorId: string; readonly by: 'owner' | 'admin' };
  'factor.suspended': { readonly factorId: string };
  'factor.restored': { readonly factorId: string };
  'factor.change-refused': { readonly flow: FlowName; readonly reason: 'unknown-factor' | 'last-factor' | 'none-enrolled' | 'unknown-device' };
  'factor.disabled': { readonly factorId: string; readonly failures: number };
  'factor.replayed': { readonly factorId: string };
  'factor.drifted': { readonly factorId: string; readonly steps: number };
  'factor.unreadable': { readonly factorId: string; readonly reason: string };
  'factor.records-lost': object;
  'recovery-codes.issued': { readonly count: number };
  'recovery-code.used': { readonly left: number };
  'device.remembered': { readonly secondFactor: boolean };
  'device.replayed': object;
  'device.revoked': { readonly which: 'one' | 'all' };
  'challenge.mailed': { readonly purpose: 'sign-in' | 'enroll' | 'email-change' };
  'challenge.confirmed': { readonly purpose: 'sign-in' | 'enroll' | 'email-change' };
  'challenge.failed': { readonly reason: 'unknown-token' | 'other-browser' | 'inactive-account' | 'changed-meanwhile' };
  'challenge.disowned': object;
  'challenge.own-failed': { readonly error: string };
  'step-up.required': { readonly action: string; readonly missing: readonly string[]; readonly expired: readonly string[] };
  'step-up.succeeded': { readonly proofs: readonly string[] };
  'step-up.failed': { readonly reason: 'wrong-password' | 'wrong-code' | 'inactive-account' };
  'session.refused': { readonly reason: 'not-signed-in' | 'ended' | 'revoked' | 'inactive-account' | 'password-change-due'; readonly action: string };
  /** One session, by somebody who is not in it: its owner from another one, or an administrator. */
  'session.ended': { readonly by: string };
  /** `id`: of the organization. Of a user, `accountId` says whose. */
  'session.epoch-raised': { readonly scope: 'everyone' | 'organization' | 'user'; readonly id?: string; readonly by: string };
  'mfa.refused': { readonly verdict: 'challenge' | 'enroll'; readonly action: string };
  'mfa.policy-changed': { readonly scope: string; readonly required: boolean; readonly by: string };
  'mfa.factors-removed': { readonly by: string; readonly count: number };
  'mfa.reminded': { readonly daysLeft: number };
  'reset.marked': { readonly reason: string; readonly by: string };
  'reset.marked-before': { readonly beforeMs: number; readonly reason: string; readonly by: string; readonly organization?: string };
  'reset.lifted': { readonly by: string; readonly organization?: string };
  'reset.cleared': { readonly reason: string };
  'reset.job-finished': {
    readonly job: string; readonly reason: string; readonly by: string;
    readonly seen: number; readonly matched: number; readonly marked: number; readonly already: number; readonly failed: number;
  };
  'email-change.requested': { readonly outcome: 'mailed' | 'taken' | 'mailed-link-needed' };
  'email-change.succeeded': object;
  'email-change.failed': { readonly reason: 'unknown-token' | 'wrong-code' | 'too-many-tries' | 'taken' | 'inactive-account' | 'changed-meanwhile' };
  'sign-out.succeeded': object;
  'password-change.succeeded': object;
  'password-change.failed': { readonly reason: 'wrong-password' | 'inactive-account' | 'changed-meanwhile' };
  'password-reset.requested': { readonly outcome: 'mailed' | 'unknown-account' | 'inactive-account' };
  'password-reset.succeeded': object;
  'password-reset.failed': { readonly reason: 'unknown-token' | 'wrong-code' | 'too-many-tries' | 'inactive-account' | 'changed-meanwhile' | 'second-factor' };
  'password.rejected': { readonly flow: FlowName; readonly reasons: readonly string[] };
  'request.malformed': { readonly flow: FlowName };
  'request.cross-site': { readonly route: string };
  'request.failed': { readonly flow: FlowName; readonly error: string };
  'breach.found': { readonly flow: FlowName; readonly count: number };
  'breach.unknown': { readonly flow: FlowName; readonly reason: string };
  'breach.source-failed': { readonly reason: string };
  'breach.breaker-opened': { readonly openForMs: number };
  'breach.breaker-closed': object;
  'strength.unknown': { readonly reason: string };
  'hasher.busy': { readonly running: number; readonly waiting: number; readonly retryAfterMs: number };
  'hasher.unreadable-hash': { readonly reason: 'malformed' | 'excessive' | 'unknown-key' | 'no-legacy-verifier' };
  'hasher.legacy-failed': { readonly error: string };
  /** Of a browser that the account does not know. `enforced`: false where the guard only observes. `flow`: the form, where it is not that for signing in. */
  'login-guard.decided': { readonly verdict: 'step-up' | 'refuse'; readonly reasons: readonly string[]; readonly enforced: boolean; readonly flow?: FlowName };
  /** Strangers fail more often than is usual at this site, whatever networks they come from. `slow` is told and changes nothing. */
  'login-guard.surge': { readonly state: 'began' | 'ended'; readonly test: 'fast' | 'slow' };
  'limiter.refused': { readonly limiter: string; readonly rule: string; readonly enforced: boolean; readonly retryAfterMs: number };
  'limiter.overflow': { readonly rule: string };
  'limiter.misconfigured': { readonly problem: string; readonly advice: string };
  'uniform.floor-outgrown': { readonly route: string; readonly p99Ms: number; readonly quantumMs: number };
  'deferred.failed': { readonly job: string; readonly error: string };
  'deferred.dropped': { readonly job: string };
  'store.failed': { readonly store: 'counters' | 'records' | 'accounts' | 'evidence'; readonly error: string };
  'store.degraded': { readonly store: 'counters' | 'records' | 'evidence'; readonly error: string };
  /** `settled`: keys whose local charges the store was told; `lost`: those that it was not. */
  'store.recovered': { readonly store: 'counters' | 'records' | 'evidence'; readonly afterMs: number; readonly settled: number; readonly lost: number };
  'read-only.changed': { readonly level: string; readonly scope: string; readonly reason: string; readonly by: string; readonly forMs: number };
  'read-only.lifted': { readonly scope: string; readonly by: string };
  'read-only.refused': { readonly level: string; readonly scope: string; readonly what: string; readonly count: number };
  'read-only.break-glass': { readonly level: string; readonly what: string; readonly count: number };
  'read-only.state-unknown': { readonly known: boolean; readonly error: string };
  'read-only.record-lost': { readonly switches: number };
  'incident.step': { readonly id: string; readonly step: string; readonly outcome: 'done' | 'failed'; readonly tookMs: number; readonly by: string; readonly error?: string };
  'incident.contained': { readonly id: string; readonly by: string; readonly affected: number };
  'incident.lifted': { readonly id: string; readonly by: string; readonly readOnly: string };
  /** `id` says nothing of the cause. `address`: where it comes from one network. */
  'alarm.raised': AlarmFigures;
  /** Twice as much as was told, somebody came in, or ten minutes have passed. */
  'alarm.grown': AlarmFigures;
  'alarm.ended': AlarmFigures;
  'attack.level-changed': { readonly from: 'calm' | 'elevated' | 'attack'; readonly to: 'calm' | 'elevated' | 'attack' };
  'alarm.sink-failed': { readonly sink: string; readonly error: string; readonly dropped: number };
  'audit.sink-failed': { readonly sink: string; readonly error: string; readonly dropped: number };
  'audit.purged': { readonly files: number; readonly lastTime: string };
  'audit.revealed': { readonly by: string; readonly reason: string; readonly count: number };
  'audit.chain-broken': { readonly sink: string; readonly problem: 'truncated' | 'anchor-forged' | 'anchor-ahead' };
}

export type EventType = keyof EventDetails;

/** One thing that happened. `type` tells the rest apart. */
export type SecurityEvent = { readonly [T in EventType]: { readonly type: T } & EventSubject & EventDetails[T] }[EventType];

/** Where a piece reports what happened. It must not throw and is never awaited. */
export type Emit = (event: SecurityEvent) => void;
