import { minuteMs } from '../scenario.ts';
import { entryOf, peer } from './peer.ts';

const maxRetry = 5;
const findTimeMs = 10 * minuteMs;
const banTimeMs = 10 * minuteMs;
/** An estimate. */
const bytesPerAddress = 200;

interface Watched {
  failures: number[];
  untilMs: number;
}

/**
 * fail2ban with the defaults of a jail: 5 failures of an address within 10 minutes ban it for 10. It reads the log at once here.
 * Source: fail2ban `config/jail.conf` (maxretry 5, findtime 10m, bantime 10m).
 */
export const fail2ban = peer('f2b', (alert) => {
  const addresses = new Map<string, Watched>();
  return {
    before({ address, nowMs }) {
      const untilMs = addresses.get(address)?.untilMs ?? 0;
      return nowMs < untilMs ? { as: 'denied', retryAfterMs: untilMs - nowMs } : undefined;
    },
    after({ address, nowMs, right }) {
      if (right) return undefined;
      const watched = entryOf(addresses, address, () => ({ failures: [], untilMs: 0 }));
      watched.failures = [...watched.failures.filter((atMs) => atMs > nowMs - findTimeMs), nowMs];
      if (watched.failures.length < maxRetry) return undefined;
      Object.assign(watched, { failures: [], untilMs: nowMs + banTimeMs });
      alert('address');
      return undefined;
    },
    bytes: () => addresses.size * bytesPerAddress,
  };
});
