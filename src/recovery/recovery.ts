import type { Clock } from '../ports/clock.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';

export interface RecoveryOptions {
  readonly records: RecordStore;
  /** Codes of one set. Default 10; 4 to 20. */
  readonly count?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
}

export interface RecoveryStatus {
  readonly left: number;
  readonly count: number;
  readonly issuedAtMs: number;
  readonly lastUsedAtMs: number | undefined;
}

/** `left`: codes that still open the account. `reissue`: two or fewer are left. */
export type RecoveryVerdict =
  | { readonly ok: true; readonly left: number; readonly reissue: boolean }
  | { readonly ok: false; readonly reason: 'wrong-code' | 'malformed' | 'none-issued' }
  | { readonly ok: false; readonly reason: 'wait'; readonly retryAfterMs: number };

export interface RecoveryCodes {
  /** Makes a new set, the only time that it can be shown; the old set is void in the same write. */
  issue(accountId: string): Promise<readonly string[]>;
  /** Burns a code. Of many that try at once, one gets true. */
  redeem(attempt: { readonly accountId: string; readonly code: unknown; readonly known?: boolean }): Promise<RecoveryVerdict>;
  status(accountId: string): Promise<RecoveryStatus | undefined>;
  /** Voids the set. */
  revoke(accountId: string): Promise<void>;
}
