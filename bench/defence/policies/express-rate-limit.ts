import { minuteMs } from '../scenario.ts';
import { entryOf, peer } from './peer.ts';

const limit = 5;
const windowMs = minuteMs;
/** Measured on its MemoryStore with a million keys. */
const bytesPerKey = 318;

interface Hits {
  count: number;
  resetMs: number;
}

/**
 * express-rate-limit with its defaults, on the routes for sign-in and sign-up: 5 requests a minute and key in a fixed window
 * from the first, successes count as well; the key is the IPv4 address or the IPv6 /56.
 * Source: express-rate-limit 8, `source/rate-limit.ts`, `source/ip-key-generator.ts`.
 */
export const expressRateLimit = peer('erl', (alert) => {
  const tables = { login: new Map<string, Hits>(), probe: new Map<string, Hits>() };
  let sweptMs = 0;

  function waitMs(table: Map<string, Hits>, kind: string, address: string, nowMs: number): number {
    if (nowMs - sweptMs > windowMs) {
      for (const each of Object.values(tables)) for (const [key, { resetMs }] of each) if (resetMs <= nowMs) each.delete(key);
      sweptMs = nowMs;
    }
    const hits = entryOf(table, keyOf(address), () => ({ count: 0, resetMs: nowMs + windowMs }));
    if (hits.resetMs <= nowMs) Object.assign(hits, { count: 0, resetMs: nowMs + windowMs });
    hits.count += 1;
    if (hits.count === limit + 1) alert(kind);
    return hits.count > limit ? hits.resetMs - nowMs : 0;
  }

  return {
    before({ address, nowMs }) {
      const retryAfterMs = waitMs(tables.login, 'address', address, nowMs);
      return retryAfterMs > 0 ? { as: 'denied', retryAfterMs } : undefined;
    },
    probe({ address, nowMs }) {
      const retryAfterMs = waitMs(tables.probe, 'enumeration', address, nowMs);
      return retryAfterMs > 0 ? { ok: false, retryAfterMs } : { ok: true };
    },
    bytes: () => (tables.login.size + tables.probe.size) * bytesPerKey,
  };
});

/** An IPv4 address as it is; the first 56 bits of an IPv6 address. */
function keyOf(address: string): string {
  if (!address.includes(':')) return address;
  const [first = '', second = '', third = '', fourth = ''] = address.split(':');
  return `${first}:${second}:${third}:${(Number.parseInt(fourth === '' ? '0' : fourth, 16) >>> 8).toString(16)}`;
}
