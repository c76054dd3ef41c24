import { systemClock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import { noFailures, waitMs, withFailure } from '../kernel/failure-cap.ts';
import { accountRecordKey, readJson, updateJson, type RecordStep } from '../kernel/json-record.ts';
import { callback, integer, port, readOptions } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { codeDigest, newCode, readCode } from './code.ts';
import { checkedSet, maxCodes, without, type CodeSet } from './set.ts';

export interface RecoveryOptions {
  readonly records: RecordStore;
  /** Codes of one set. Default 10; 4 to 20. */
  readonly count?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
}

/** `count`: how many were issued; 0 once they have been revoked. Times are wall-clock ms. */
export interface RecoveryStatus {
  readonly left: number;
  readonly count: number;
  readonly issuedAtMs: number;
  readonly lastUsedAtMs: number | undefined;
}

/**
 * `left`: codes that still open the account. `reissue`: two or fewer are left. A code that has been used is a `wrong-code`.
 * The reasons are for a log; tell the person one sentence for all of them.
 */
export type RecoveryVerdict =
  | { readonly ok: true; readonly left: number; readonly reissue: boolean }
  | { readonly ok: false; readonly reason: 'wrong-code' | 'malformed' | 'none-issued' }
  | { readonly ok: false; readonly reason: 'wait'; readonly retryAfterMs: number };

export interface RecoveryCodes {
  /** Makes a new set, the only time that it can be shown; the old set is void in the same write. Failures stay counted. */
  issue(accountId: string): Promise<readonly string[]>;
  /** Burns a code. Of many that try at once, one gets true. `known`: from a browser that the account knows. */
  redeem(attempt: { readonly accountId: string; readonly code: unknown; readonly known?: boolean }): Promise<RecoveryVerdict>;
  /** Undefined where none were ever issued. */
  status(accountId: string): Promise<RecoveryStatus | undefined>;
  /** Voids the set. */
  revoke(accountId: string): Promise<void>;
}

/** The default of {@link createRecoveryCodes}. Ten fit on a slip of paper and last for years. */
export const recoveryDefaults = Object.freeze({ count: 10 });

const minCodes = 4;
const reissueFrom = 2;
/**
 * Nobody guesses 130 bits, so failures never close the door: whoever has the password could shut the owner's last way in. For
 * the same reason nobody waits longer than a minute.
 */
const maxDelayMs = 60_000;

interface Attempt {
  readonly digest: string;
  readonly known: boolean;
  readonly nowMs: number;
}

/**
 * Makes recovery codes: 130 random bits each, kept as digests in one record of the account, each good for one use (OWASP ASVS
 * 5.0 6.5.1 to 6.5.4; SP 800-63B-4 sections 3.1.2 and 4.2.1.1). Wrong codes are counted without an end in time and cost a
 * wait from the fifth on. Throws ERR_CONFIG; later rejects with ERR_STORE or ERR_BUSY, and a wrong code never throws.
 */
export function createRecoveryCodes(options: RecoveryOptions): RecoveryCodes {
  const { records, count, clock, random } = readOptions('recovery', options, {
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    count: integer({ min: minCodes, max: maxCodes, fallback: recoveryDefaults.count }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
  });

  function update<A>(accountId: string, decide: (set: CodeSet | undefined) => RecordStep<CodeSet, A>): Promise<A> {
    return updateJson<CodeSet, A>(records, keyOf(accountId), (found) => decide(checkedSet(found)));
  }

  return Object.freeze({
    async issue(accountId) {
      const codes = newCodes(count, random);
      const unused = codes.map((code) => codeDigest(accountId, readCode(code) ?? ''));
      return update(accountId, (set) => ({ value: { unused, issued: count, issuedAtMs: clock.nowMs(), failures: set?.failures ?? noFailures }, answer: codes }));
    },
    async redeem({ accountId, code, known }) {
      const chars = readCode(code);
      if (chars === undefined) return { ok: false, reason: 'malformed' };
      const digest = codeDigest(accountId, chars);
      return update(accountId, (set) => redemption(set, { digest, known: known === true, nowMs: clock.nowMs() }));
    },
    async status(accountId) {
      const set = checkedSet((await readJson<CodeSet>(records, keyOf(accountId)))?.value);
      return set && { left: set.unused.length, count: set.issued, issuedAtMs: set.issuedAtMs, lastUsedAtMs: set.lastUsedAtMs };
    },
    // The record stays and says none: with it the failures would be forgotten.
    revoke: (accountId) => update(accountId, (set) => ({ value: set && set.issued > 0 ? { ...set, unused: [], issued: 0 } : undefined, answer: undefined })),
  } satisfies RecoveryCodes);
}

function keyOf(accountId: string): string {
  return accountRecordKey('recovery', accountId);
}

function newCodes(count: number, random: RandomSource): readonly string[] {
  const codes = Array.from({ length: count }, () => newCode(random));
  if (new Set(codes).size < count) throw new ConfigError('recovery.random: expected unpredictable bytes, got the same ones twice');
  return Object.freeze(codes);
}

/** What an attempt makes of a set: the code is burnt, or the failure counted, by the write that the verdict waits for. */
function redemption(set: CodeSet | undefined, { digest, known, nowMs }: Attempt): RecordStep<CodeSet, RecoveryVerdict> {
  if (set === undefined || set.issued === 0) return { value: undefined, answer: { ok: false, reason: 'none-issued' } };
  const retryAfterMs = waitMs(set.failures, { known, nowMs, maxDelayMs });
  if (retryAfterMs > 0) return { value: undefined, answer: { ok: false, reason: 'wait', retryAfterMs } };
  const left = without(set.unused, digest);
  if (left === undefined) return { value: { ...set, failures: withFailure(set.failures, { known, nowMs }) }, answer: { ok: false, reason: 'wrong-code' } };
  return {
    value: { ...set, unused: left, lastUsedAtMs: nowMs, failures: noFailures },
    answer: { ok: true, left: left.length, reissue: left.length <= reissueFrom },
  };
}
