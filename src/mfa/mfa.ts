import { systemClock } from '../kernel/clock.ts';
import { harmless } from '../kernel/harmless.ts';
import { ConfigError } from '../kernel/errors.ts';
import { callback, integer, list, port, readOptions, type OptionReader } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { SessionFacts } from '../ports/session.ts';
import { decide, isSecondProof } from './decide.ts';
import { createPolicyRecords } from './policies.ts';
import { createPreview } from './preview.ts';
import { createReminders } from './reminders.ts';

/** Whom a policy binds: everybody, the members of an organization, or who has a role. */
export type MfaScope = { readonly kind: 'app' } | { readonly kind: 'organization'; readonly id: string } | { readonly kind: 'role'; readonly id: string };

/** "Must have a second factor", from `graceUntilMs` on. Wall-clock ms. */
export interface MfaPolicy {
  readonly scope: MfaScope;
  readonly sinceMs: number;
  readonly graceUntilMs: number;
  /** Who switched it on: the app's id of an administrator. */
  readonly by: string;
}

/** The second factors of an account. A disabled or suspended one is enrolled and not usable. */
export interface MfaFactors {
  readonly enrolled: boolean;
  /** What can be given now: `totp`, `recovery-code`, or the app's own words (`webauthn`). */
  readonly usable: readonly string[];
  /** Removed by an administrator: must be enrolled anew before anything else, since this time. */
  readonly mustEnrollSinceMs?: number;
}

export interface MfaFacts {
  /** The policies that bind the account. */
  readonly policies: readonly MfaPolicy[];
  readonly factors: MfaFactors;
  readonly session: SessionFacts;
  readonly nowMs: number;
  /** For a sensitive action: how old the proofs may be at most, ms. Absent: any session that is allowed will do. */
  readonly maxAgeMs?: number;
}

/**
 * `challenge`: a factor is enrolled and was not given. `methods` is what can be given now; empty where an administrator must help.
 * `enroll`: until `graceUntilMs` the session may go on and be reminded; from then on (`overdue`) it reaches enrollment and
 * sign-out alone. `scopes` are those of the policies that bind.
 * `step-up`: the named proofs were never given (`missing`) or too long ago (`expired`). `password` stands for the first proof
 * (a password, or a sign-in elsewhere), `second-factor` for any second one but a remembered browser.
 */
export type MfaVerdict =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'challenge'; readonly methods: readonly string[] }
  | { readonly verdict: 'enroll'; readonly graceUntilMs: number; readonly overdue: boolean; readonly scopes: readonly MfaScope[] }
  | { readonly verdict: 'step-up'; readonly missing: readonly string[]; readonly expired: readonly string[] };

export interface MfaMember {
  readonly accountId: string;
  readonly organizationIds?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** Whom a policy would bind. `affected` holds the first 1,000 who would have to enroll; `truncated`: there are more. */
export interface MfaPreview<M extends MfaMember> {
  readonly members: number;
  readonly enrolled: number;
  readonly affected: readonly M[];
  readonly truncated: boolean;
}

export interface MfaPolicyOptions {
  readonly records: RecordStore;
  /** Days before a deadline at which a member is reminded. Default 7 and 1. */
  readonly remindDaysBefore?: readonly number[];
  readonly clock?: Clock;
  readonly emit?: Emit;
}

export interface MfaPolicies {
  /** What somebody may do. Pure: no store, no clock. */
  decide(facts: MfaFacts): MfaVerdict;
  /** Whether a proof of that name counts as a second factor. A remembered browser counts, until a fresh proof is asked for. */
  isSecondFactor(method: string): boolean;
  /** The policies that bind a member: one read for each scope, nothing cached. */
  policiesFor(member: Omit<MfaMember, 'accountId'>): Promise<readonly MfaPolicy[]>;
  /** Switches a policy on, or moves its deadline. `sinceMs` of one that is on stays. */
  require(wanted: { readonly scope: MfaScope; readonly graceMs: number; readonly by: string }): Promise<MfaPolicy>;
  /** Switches it off. Answers whether it was on. */
  lift(wanted: { readonly scope: MfaScope; readonly by: string }): Promise<boolean>;
  read(scope: MfaScope): Promise<MfaPolicy | undefined>;
  /** Who would have to enroll, were the policy on. `members` are those of the scope, as the app lists them; streamed, so that a million do no harm. */
  preview<M extends MfaMember>(members: AsyncIterable<M> | Iterable<M>, isEnrolled: (member: M) => Promise<boolean> | boolean): Promise<MfaPreview<M>>;
  /** Whether this member is to be reminded now; each offset answers yes once, in one process of many. */
  dueReminder(member: MfaMember): Promise<{ readonly deadlineMs: number; readonly daysLeft: number } | undefined>;
}

/** The default of {@link createMfaPolicy}. */
export const mfaDefaults = Object.freeze({ remindDaysBefore: Object.freeze([7, 1]) });

const daysOption: OptionReader<readonly number[]> = (given, name) => {
  const days = list(integer({ min: 1, max: 90 }), mfaDefaults.remindDaysBefore)(given, name);
  if (days.length === 0 || days.length > 10 || new Set(days).size < days.length) throw new ConfigError(`${name}: expected one to ten different numbers of days`);
  return days;
};

/**
 * Makes the policy: who needs a second factor, by app, organization and role, and what a session may do (OWASP ASVS 5.0 6.3.3,
 * 6.3.4, 7.5.3). Throws ERR_CONFIG; later rejects with ERR_STORE: a policy that cannot be read is never none.
 */
export function createMfaPolicy(options: MfaPolicyOptions): MfaPolicies {
  const { records, remindDaysBefore, clock, ...parsed } = readOptions('mfa', options, {
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    remindDaysBefore: daysOption,
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
  const emit: Emit = harmless(parsed.emit);
  const policies = createPolicyRecords({ records, clock, emit });
  return Object.freeze({
    decide,
    isSecondFactor: isSecondProof,
    ...policies,
    preview: createPreview({ clock }),
    dueReminder: createReminders({ policiesFor: policies.policiesFor, records, remindDaysBefore, clock, emit }),
  } satisfies MfaPolicies);
}
