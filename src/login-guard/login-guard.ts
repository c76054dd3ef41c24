import { systemClock } from '../kernel/clock.ts';
import { isThenable, withDeadline } from '../kernel/deadline.ts';
import { errorName, StoreError } from '../kernel/errors.ts';
import { checkedNews, checkedStanding } from '../kernel/evidence-answers.ts';
import { harmless } from '../kernel/harmless.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { callback, integer, oneOf, port, readOptions } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit, EventSubject, FlowName } from '../ports/events.ts';
import type { EvidenceAttempt, EvidenceCharge, EvidenceNews, EvidenceOutcome, EvidenceStanding, EvidenceStore } from '../ports/evidence-store.ts';
import { loginGuardDefaults } from './defaults.ts';
import { outcomeOf, type GuardReceipt } from './receipt.ts';
import { createEvidenceTags } from './tags.ts';

export interface LoginGuardOptions {
  /** Networks, names and passwords are kept as digests under the oldest key of the ring. */
  readonly keys: KeyRing;
  readonly evidence: EvidenceStore;
  /** `observe` says what it would have done, and lets everybody go on. Default `enforce`. */
  readonly mode?: 'observe' | 'enforce';
  /** The score of a network from which a right password of a stranger is not enough. Default 8. */
  readonly stepUpFrom?: number;
  /** The score from which no password of a stranger is looked at, and no mail is sent for one. Default 40. */
  readonly refuseFrom?: number;
  /** Different wrong passwords of strangers at one account, from which a right one is not enough. Default 10. */
  readonly accountFrom?: number;
  /** Names at which a password has failed today, from which it is not enough. Default 6. */
  readonly sprayedFrom?: number;
  /** The store's time for one answer, ms. Slow counts as down. Default 50. */
  readonly storeDeadlineMs?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** Why more than a password is asked for, or no password is looked at. */
export type GuardReason = 'source' | 'account' | 'sprayed-password' | 'surge' | 'evidence-unknown';

/** An attempt in a browser that the account does not know. */
export interface StrangerAttempt {
  readonly address: string | undefined;
  /** The account's id, or the canonical name that was typed where nobody has it. */
  readonly account: string;
  /** Without a password it changes nothing. */
  readonly exists: boolean;
  /** Absent where none is tried, as in a request for a sign-up or for a link to a new password: it counts against its network alone. */
  readonly password?: string;
  /** Which form it came from, for the events. Default: that for signing in. */
  readonly flow?: FlowName;
  readonly about?: EventSubject;
}

/** What came before the password was looked at. */
export interface GuardPass {
  /** Look at no password, and answer as to a wrong one. Where there is none: do nothing of what is asked for. */
  readonly refused: boolean;
  /** What is known against it, if nothing speaks for it. */
  readonly reasons: readonly GuardReason[];
  /** The same wrong password has failed at the account before, as far as is remembered. */
  readonly repeated: boolean;
  /** What is asked for after a right password. `familiar`: the account has been entered from this network before. */
  after(right: { readonly familiar: boolean }): { readonly stepUp: boolean; readonly reasons: readonly GuardReason[] };
  /** To be settled once it is known what came of the attempt. */
  readonly receipt: GuardReceipt;
}

export interface LoginGuard {
  /** Counts an attempt as failed and answers what is known. Never rejects. */
  reserve(attempt: StrangerAttempt): Promise<GuardPass>;
  /**
   * What came of it. `failed`: the password was wrong. `held`: it was not looked at, or it was right and more was asked for: the charge stays, since what is
   * answered as a wrong password must count as one. `entered`: somebody is signed in by it; the charge is given back, and a failure at that name from that network
   * in this hour or the one before counts for no surge. `refunded`: the charge is given back and no more, since nothing came of it, or a mail was answered. Never
   * rejects, and nobody need wait for it.
   */
  settle(receipt: GuardReceipt, as: 'failed' | 'held' | 'entered' | 'refunded'): Promise<void>;
  /**
   * Somebody came in by a browser that the account knows: the measure of what is usual. `again`: the account has been counted in these hours, or
   * whoever has one account could sign in all day to make an attack look usual. Never rejects.
   */
  known(from: { readonly address: string | undefined; readonly again?: boolean }): Promise<void>;
}

/** A name that nobody has counts as one that somebody has, and the same guess again as a new one: else the score of a network would tell who has an account. */
const failure = 1;
const nothingCharged: EvidenceCharge = Object.freeze({ source: 0, account: 0 });

/**
 * Makes the guard that judges attempts by evidence and not by their number: it is reserved before the password is looked at and settled afterwards.
 * A browser that the account knows is none of its business: nobody can shut an owner out. Throws ERR_CONFIG.
 */
export function createLoginGuard(options: LoginGuardOptions): LoginGuard {
  const parsed = readGuardOptions(options);
  const { keys, evidence, mode, clock } = parsed;
  const emit: Emit = harmless(parsed.emit);
  const tags = createEvidenceTags(keys);

  function attemptOf({ address, account, exists, password }: StrangerAttempt, nowMs: number): EvidenceAttempt {
    return { source: tags.source(address), account: tags.account(account, exists), password: password === undefined ? undefined : tags.password(password, nowMs), exists, weight: failure };
  }

  /** Undefined where the store is late, fails or lies. */
  async function asked<T>(question: () => T | Promise<T>, checked: (answer: unknown) => T): Promise<T | undefined> {
    try {
      const answer = question();
      if (!isThenable(answer) || evidence.inTime === true) return checked(await answer);
      return checked(await withDeadline(answer, { clock, deadlineMs: parsed.storeDeadlineMs, onLate: () => new StoreError(`evidence: no answer within ${parsed.storeDeadlineMs} ms`) }));
    } catch (error) {
      emit({ type: 'store.failed', store: 'evidence', error: errorName(error) });
      return undefined;
    }
  }

  async function settle(outcome: EvidenceOutcome): Promise<void> {
    const { surge, slowSurge }: EvidenceNews = (await asked(() => evidence.settle(outcome), checkedNews)) ?? {};
    if (surge !== undefined) emit({ type: 'login-guard.surge', state: surge, test: 'fast' });
    if (slowSurge !== undefined) emit({ type: 'login-guard.surge', state: slowSurge, test: 'slow' });
  }

  function decided(verdict: 'step-up' | 'refuse', reasons: readonly GuardReason[], { flow, about }: Pick<StrangerAttempt, 'flow' | 'about'>): void {
    emit({ type: 'login-guard.decided', verdict, reasons, enforced: mode === 'enforce', ...(flow !== undefined && { flow }), ...about });
  }

  return Object.freeze({
    async reserve(given) {
      const atMs = clock.nowMs();
      const attempt = attemptOf(given, atMs);
      const standing = await asked(() => evidence.reserve(attempt), checkedStanding);
      const charged = standing?.charged ?? nothingCharged;
      // Who shares a network with an attacker is asked for more, and not turned away.
      const over = standing !== undefined && standing.source >= parsed.refuseFrom && !standing.sharedSource;
      if (over) decided('refuse', ['source'], given);
      const refused = over && mode === 'enforce';
      return {
        refused,
        reasons: reasonsOf(standing, parsed, false),
        repeated: standing !== undefined && attempt.password !== undefined && attempt.exists && charged.account === 0,
        receipt: { attempt, charged, atMs, ...(refused && { refused }) },
        after({ familiar }) {
          const reasons = reasonsOf(standing, parsed, familiar);
          if (reasons.length > 0 && !over) decided('step-up', reasons, given);
          return { stepUp: reasons.length > 0 && mode === 'enforce', reasons };
        },
      };
    },
    settle: async (receipt, as) => settle(outcomeOf(receipt, as, clock.nowMs())),
    known: ({ address, again = false }) => settle({ as: 'known', source: tags.source(address), ...(again && { again }) }),
  } satisfies LoginGuard);
}

type Limits = Readonly<Record<'stepUpFrom' | 'accountFrom' | 'sprayedFrom', number>>;

function reasonsOf(standing: EvidenceStanding | undefined, limits: Limits, familiar: boolean): readonly GuardReason[] {
  if (standing === undefined) return ['evidence-unknown'];
  const { source, account, password, surge } = standing;
  const reasons: GuardReason[] = [];
  if (source >= limits.stepUpFrom) reasons.push('source');
  if (account >= limits.accountFrom) reasons.push('account');
  if (password >= limits.sprayedFrom) reasons.push('sprayed-password');
  // Where the account has been entered before, more is known of it than that others fail elsewhere.
  if (surge && !familiar) reasons.push('surge');
  return reasons;
}

function readGuardOptions(options: LoginGuardOptions) {
  const score = (fallback: number) => integer({ min: 1, max: 1_000_000, fallback });
  return readOptions('loginGuard', options, {
    keys: port<KeyRing>(['oldestDigest'], undefined, 'createKeyRing()'),
    evidence: port<EvidenceStore>(['reserve', 'settle']),
    mode: oneOf(['observe', 'enforce'], loginGuardDefaults.mode),
    stepUpFrom: score(loginGuardDefaults.stepUpFrom),
    refuseFrom: score(loginGuardDefaults.refuseFrom),
    accountFrom: score(loginGuardDefaults.accountFrom),
    sprayedFrom: score(loginGuardDefaults.sprayedFrom),
    storeDeadlineMs: integer({ min: 1, max: 10_000, fallback: loginGuardDefaults.storeDeadlineMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
}
