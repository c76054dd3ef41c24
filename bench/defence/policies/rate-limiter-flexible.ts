import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Alarm, Begun, LoginAttempt, LoginOutcome, PolicyFactory } from '../policy.ts';
import { verified } from './peer.ts';
import { virtualTimers } from './virtual-timers.ts';

const perAddress = 100;
const perPair = 10;
const dayS = 86_400;
/** Measured on its memory limiter with a million keys. */
const bytesPerKey = 546;

/**
 * rate-limiter-flexible itself, in its documented protection of a login endpoint: 100 failures a day and address, which then
 * block it for a day, and 10 in a row for a pair of user and address within 90 days, which block the pair for an hour.
 * Failures are counted after the password was looked at; a success deletes the pair.
 * Source: the wiki page "Login endpoint protection" of rate-limiter-flexible; the installed library runs.
 */
function recipe(name: string, overflows: boolean): PolicyFactory {
  return () => {
    const timers = virtualTimers({ overflows });
    const slow = new RateLimiterMemory({ keyPrefix: 'slow', points: perAddress, duration: dayS, blockDuration: dayS });
    const pairs = new RateLimiterMemory({ keyPrefix: 'pair', points: perPair, duration: 90 * dayS, blockDuration: 3_600 });
    const alarms: Alarm[] = [];
    const keys = new Set<string>();

    async function begin(attempt: LoginAttempt): Promise<Begun> {
      const { address, nowMs } = attempt;
      const pair = `${attempt.name}_${address}`;
      const [byAddress, byPair] = await timers.at(nowMs, () => Promise.all([slow.get(address), pairs.get(pair)]));
      const refusal = refused(byAddress, perAddress) ?? refused(byPair, perPair);
      return refusal ?? (() => settle(attempt, pair));
    }

    async function settle(attempt: LoginAttempt, pair: string): Promise<LoginOutcome> {
      const { right, address, nowMs, accountId } = attempt;
      if (right) {
        await timers.at(nowMs, () => pairs.delete(pair));
        return verified(attempt);
      }
      keys.add(address);
      if (accountId !== undefined) keys.add(pair);
      const [ofAddress, ofPair] = await timers.at(nowMs, () => Promise.all([consumed(slow, address), accountId === undefined ? 'taken' : consumed(pairs, pair)]));
      if (ofAddress === 'blocked') alarms.push({ atMs: nowMs, kind: 'address' });
      if (ofPair === 'blocked') alarms.push({ atMs: nowMs, kind: 'pair' });
      return ofAddress === 'taken' && ofPair === 'taken' ? { as: 'wrong' } : { as: 'denied', retryAfterMs: dayS * 1_000 };
    }

    return {
      name,
      begin,
      async attempt(attempt) {
        const begun = await begin(attempt);
        return typeof begun === 'function' ? begun() : begun;
      },
      alarms: () => alarms,
      bytes: () => keys.size * bytesPerKey,
    };
  };
}

/** As it works with a store that keeps keys as long as it is told. */
export const rateLimiterFlexible = recipe('rlf', false);
/** As it works on its memory store under Node, where the pair limiter's 90 days are more than a timer can hold. */
export const rateLimiterFlexibleInMemory = recipe('rlfmem', true);

function refused(found: RateLimiterRes | null, points: number): LoginOutcome | undefined {
  if (found === null || found.consumedPoints <= points) return undefined;
  return { as: 'denied', retryAfterMs: Math.max(1_000, Math.round(found.msBeforeNext)) };
}

/** The library rejects with a result, not an error, where the points are used up. */
async function consumed(limiter: RateLimiterMemory, key: string): Promise<'taken' | 'blocked' | 'over'> {
  try {
    await limiter.consume(key);
    return 'taken';
  } catch (over) {
    if (!(over instanceof RateLimiterRes)) throw over;
    return over.consumedPoints === limiter.points + 1 ? 'blocked' : 'over';
  }
}
