import { entryOf, peer } from './peer.ts';

const max = 3;
const windowMs = 10_000;
/** Measured on a Map of its entries with a million keys; nothing is ever taken out. */
const bytesPerKey = 263;

interface Hits {
  count: number;
  lastMs: number;
}

/**
 * better-auth's built-in rule for sign-in and sign-up: 3 requests in 10 s for each address and path, whatever comes of them;
 * the count begins anew once nothing was let through for 10 s.
 * Source: better-auth `packages/better-auth/src/api/rate-limiter/index.ts`.
 */
export const betterAuth = peer('betterauth', (alert) => {
  const hits = new Map<string, Hits>();

  function waitMs(path: string, address: string, nowMs: number): number {
    const found = entryOf(hits, `${address}|${path}`, () => ({ count: 0, lastMs: nowMs }));
    const idle = nowMs - found.lastMs > windowMs;
    if (!idle && found.count >= max) {
      if (found.count === max) alert(path === 'sign-up' ? 'enumeration' : 'address');
      found.count = max + 1;
      return found.lastMs + windowMs - nowMs + 1;
    }
    Object.assign(found, { count: idle ? 1 : found.count + 1, lastMs: nowMs });
    return 0;
  }

  return {
    before({ address, nowMs }) {
      const retryAfterMs = waitMs('sign-in', address, nowMs);
      return retryAfterMs > 0 ? { as: 'denied', retryAfterMs } : undefined;
    },
    probe({ flow, address, nowMs }) {
      const retryAfterMs = flow === 'sign-up' ? waitMs(flow, address, nowMs) : 0;
      return retryAfterMs > 0 ? { ok: false, retryAfterMs } : { ok: true };
    },
    bytes: () => hits.size * bytesPerKey,
  };
});
