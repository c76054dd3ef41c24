import { systemClock } from '../kernel/clock.ts';
import { errorName } from '../kernel/errors.ts';
import { harmless } from '../kernel/harmless.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { callback, integer, oneOf, port, readOptions } from '../kernel/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit, EventSubject } from '../ports/events.ts';
import type { EvidenceAttempt, EvidenceCharge, EvidenceNews, EvidenceOutcome, EvidenceStanding, EvidenceStore } from '../ports/evidence-store.ts';
import { loginGuardDefaults } from './defaults.ts';
import { createEvidenceTags } from './tags.ts';

export interface LoginGuardOptions {
  readonly keys: KeyRing;
  readonly evidence: EvidenceStore;
  /** `observe` says what it would have done, and lets everybody go on. Default `enforce`. */
  readonly mode?: 'observe' | 'enforce';
  /** The score of a network from which a right password of a stranger is not enough. Default 8. */
  readonly stepUpFrom?: number;
  /** The score from which no password of a stranger is looked at. Default 40. */
  readonly refuseFrom?: number;
  /** Different wrong passwords of strangers at one account, from which a right one is not enough. Default 10. */
  readonly accountFrom?: number;
  /** Names at which a password has failed today, from which it is not enough. Default 6. */
  readonly sprayedFrom?: number;
  readonly clock?: Clock;
  readonly emit?: Emit;
}

/** Why more than a password is asked for, or no password is looked at. */
export type GuardReason = 'source' | 'account' | 'sprayed-password' | 'surge' | 'evidence-unknown';

/** An attempt in a browser that the account does not know. */
export interface StrangerAttempt {
  readonly address: string | undefined;
  /** Canonical, as it was typed. */
  readonly name: string;
  readonly exists: boolean;
  readonly password: string;
  readonly about?: EventSubject;
}

/** What came before the password was looked at. Hand it back to `settle`. */
export interface GuardPass {
  /** Look at no password, and answer as to a wrong one. */
  readonly refused: boolean;
  /** What is asked for after a right password. `familiar`: the account has been entered from this network before. */
  after(right: { readonly familiar: boolean }): { readonly stepUp: boolean; readonly reasons: readonly GuardReason[] };
  /** What came of it. Never throws, and nobody need wait for it. */
  settle(as: 'failed' | 'entered' | 'asked'): Promise<void>;
  /** To be kept until what was asked for has been given. */
  readonly receipt: GuardReceipt;
}

/** Plain data. */
export interface GuardReceipt {
  readonly attempt: EvidenceAttempt;
  readonly charged: EvidenceCharge;
}

export interface LoginGuard {
  /** Counts an attempt as failed and answers what is known. Never rejects. */
  reserve(attempt: StrangerAttempt): Promise<GuardPass>;
  /** What was asked for has been given: the attempt was the owner's. Never throws. */
  passed(receipt: GuardReceipt): Promise<void>;
  /** Somebody came in by a browser that the account knows. Never throws. */
  known(): Promise<void>;
}

const wrongPassword = 1;
const unknownName = 2;
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

  function attemptOf({ address, name, exists, password }: StrangerAttempt): EvidenceAttempt {
    return { source: tags.source(address), account: tags.account(name), password: tags.password(password, clock.nowMs()), exists, weight: exists ? wrongPassword : unknownName };
  }

  async function standingOf(attempt: EvidenceAttempt): Promise<EvidenceStanding | undefined> {
    try {
      return await evidence.reserve(attempt);
    } catch (error) {
      emit({ type: 'store.failed', store: 'evidence', error: errorName(error) });
      return undefined;
    }
  }

  async function settle(outcome: EvidenceOutcome): Promise<void> {
    try {
      tell(await evidence.settle(outcome));
    } catch (error) {
      emit({ type: 'store.failed', store: 'evidence', error: errorName(error) });
    }
  }

  function tell({ surge, slowSurge }: EvidenceNews): void {
    if (surge !== undefined) emit({ type: 'login-guard.surge', state: surge, test: 'fast' });
    if (slowSurge !== undefined) emit({ type: 'login-guard.surge', state: slowSurge, test: 'slow' });
  }

  function decided(verdict: 'step-up' | 'refuse', reasons: readonly GuardReason[], about: EventSubject): void {
    emit({ type: 'login-guard.decided', verdict, reasons, enforced: mode === 'enforce', ...about });
  }

  return Object.freeze({
    async reserve(given) {
      const { about = {} } = given;
      const attempt = attemptOf(given);
      const standing = await standingOf(attempt);
      const charged = standing?.charged ?? nothingCharged;
      const over = standing !== undefined && standing.source >= parsed.refuseFrom;
      if (over) decided('refuse', ['source'], about);
      return {
        refused: over && mode === 'enforce',
        receipt: { attempt, charged },
        after({ familiar }) {
          const reasons = standing === undefined ? (['evidence-unknown'] as const) : reasonsOf(standing, parsed, familiar);
          if (reasons.length > 0 && !over) decided('step-up', reasons, about);
          return { stepUp: reasons.length > 0 && mode === 'enforce', reasons };
        },
        settle: (as) => settle({ as, attempt, charged }),
      };
    },
    passed: ({ attempt, charged }) => settle({ as: 'passed', attempt, charged }),
    known: () => settle({ as: 'known' }),
  } satisfies LoginGuard);
}

type Limits = Readonly<Record<'stepUpFrom' | 'accountFrom' | 'sprayedFrom', number>>;

function reasonsOf({ source, account, password, surge }: EvidenceStanding, limits: Limits, familiar: boolean): readonly GuardReason[] {
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
    keys: port<KeyRing>(['digest', 'digests'], undefined, 'createKeyRing()'),
    evidence: port<EvidenceStore>(['reserve', 'settle']),
    mode: oneOf(['observe', 'enforce'], loginGuardDefaults.mode),
    stepUpFrom: score(loginGuardDefaults.stepUpFrom),
    refuseFrom: score(loginGuardDefaults.refuseFrom),
    accountFrom: score(loginGuardDefaults.accountFrom),
    sprayedFrom: score(loginGuardDefaults.sprayedFrom),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    emit: callback<Emit>(() => undefined),
  });
}
