import { hourMs } from '../scenario.ts';
import { entryOf, peer } from './peer.ts';

const maximumAttempts = 20;
const unlockInMs = hourMs;
/** Three columns of a row that is there anyway. */
const bytesPerAccount = 24;

interface Lock {
  failures: number;
  lockedMs: number;
}

/**
 * Devise's lockable module with its defaults: 20 failures in a row lock the account for everybody for an hour; a success or a new
 * password sets the count to nought. Unknown names are not counted.
 * Source: devise `lib/devise.rb` (maximum_attempts 20, unlock_in 1.hour, unlock_strategy :both), `lib/devise/models/lockable.rb`.
 */
export const devise = peer('devise', (alert) => {
  const locks = new Map<string, Lock>();

  function current(accountId: string, nowMs: number): Lock {
    const lock = entryOf(locks, accountId, () => ({ failures: 0, lockedMs: -Infinity }));
    if (lock.failures >= maximumAttempts && nowMs >= lock.lockedMs + unlockInMs) Object.assign(lock, { failures: 0, lockedMs: -Infinity });
    return lock;
  }

  return {
    before({ accountId, nowMs }) {
      if (accountId === undefined) return undefined;
      const { failures, lockedMs } = current(accountId, nowMs);
      return failures >= maximumAttempts ? { as: 'denied', retryAfterMs: lockedMs + unlockInMs - nowMs } : undefined;
    },
    after({ accountId, nowMs, right }) {
      if (accountId === undefined) return undefined;
      const lock = current(accountId, nowMs);
      lock.failures = right ? 0 : lock.failures + 1;
      if (lock.failures !== maximumAttempts) return undefined;
      lock.lockedMs = nowMs;
      alert('account');
      return undefined;
    },
    passwordChanged(accountId) {
      locks.delete(accountId);
    },
    bytes: () => locks.size * bytesPerAccount,
  };
});
