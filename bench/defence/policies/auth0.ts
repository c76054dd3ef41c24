import type { LoginOutcome } from '../policy.ts';
import { dayMs } from '../scenario.ts';
import { entryOf, peer } from './peer.ts';

const pairLimit = 10;
const pairBlockMs = 30 * dayMs;
const login = { tokens: 100, eachMs: 864_000 };
const signUp = { tokens: 50, eachMs: 1_728_000 };
/** An estimate. */
const bytesPerKey = 200;

interface Bucket {
  tokens: number;
  atMs: number;
}

interface Pair {
  failures: number;
  lastMs: number;
}

/**
 * Auth0's attack protection with its defaults. Brute force: 10 failures of a pair of identifier and address block the pair until
 * 30 days after the last one or until the password is replaced; a success resets the count. Suspicious IP throttling: 100 failed
 * sign-ins of an address, one given back every 864 s; 50 sign-ups, one every 1,728 s. Detection of breached passwords and of bots
 * depends on the plan and is off. The link in the mail to a blocked owner is not followed here.
 * Source: Auth0 docs "Brute-Force Protection", "Suspicious IP Throttling"; Management API, attack protection.
 */
export const auth0 = peer('auth0', (alert) => {
  const pairs = new Map<string, Map<string, Pair>>();
  const logins = new Map<string, Bucket>();
  const signUps = new Map<string, Bucket>();
  let pairCount = 0;

  function bucketOf(buckets: Map<string, Bucket>, key: string, rate: typeof login, nowMs: number): Bucket {
    const bucket = entryOf(buckets, key, () => ({ tokens: rate.tokens, atMs: nowMs }));
    const back = Math.floor((nowMs - bucket.atMs) / rate.eachMs);
    bucket.tokens = Math.min(rate.tokens, bucket.tokens + back);
    bucket.atMs = bucket.tokens === rate.tokens ? nowMs : bucket.atMs + back * rate.eachMs;
    return bucket;
  }

  const waitMs = (bucket: Bucket, rate: typeof login, nowMs: number): number => (bucket.tokens > 0 ? 0 : bucket.atMs + rate.eachMs - nowMs);

  function take(bucket: Bucket, kind: string): void {
    bucket.tokens -= 1;
    if (bucket.tokens === 0) alert(kind);
  }

  return {
    before({ name, address, nowMs }): LoginOutcome | undefined {
      const retryAfterMs = waitMs(bucketOf(logins, address, login, nowMs), login, nowMs);
      if (retryAfterMs > 0) return { as: 'denied', retryAfterMs };
      const pair = pairs.get(name)?.get(address);
      const blocked = pair !== undefined && pair.failures >= pairLimit && nowMs < pair.lastMs + pairBlockMs;
      return blocked ? { as: 'denied', retryAfterMs: pairBlockMs } : undefined;
    },
    after({ name, address, nowMs, right }) {
      const ofName = entryOf(pairs, name, () => new Map<string, Pair>());
      if (right) {
        if (ofName.delete(address)) pairCount -= 1;
        return undefined;
      }
      take(bucketOf(logins, address, login, nowMs), 'address');
      if (!ofName.has(address)) pairCount += 1;
      const pair = entryOf(ofName, address, () => ({ failures: 0, lastMs: nowMs }));
      pair.failures = nowMs >= pair.lastMs + pairBlockMs ? 1 : pair.failures + 1;
      pair.lastMs = nowMs;
      if (pair.failures === pairLimit) alert('pair');
      return undefined;
    },
    probe({ flow, address, nowMs }) {
      if (flow !== 'sign-up') return { ok: true };
      const bucket = bucketOf(signUps, address, signUp, nowMs);
      const retryAfterMs = waitMs(bucket, signUp, nowMs);
      if (retryAfterMs > 0) return { ok: false, retryAfterMs };
      take(bucket, 'enumeration');
      return { ok: true };
    },
    passwordChanged(accountId) {
      const name = `${accountId.replace('account', 'user')}@example.test`;
      pairCount -= pairs.get(name)?.size ?? 0;
      pairs.delete(name);
    },
    bytes: () => (pairCount + logins.size + signUps.size) * bytesPerKey,
  };
});
