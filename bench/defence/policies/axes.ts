import type { LoginAttempt } from '../policy.ts';
import { hourMs } from '../scenario.ts';
import { entryOf, peer, type Rule } from './peer.ts';

const failureLimit = 3;
/** An estimate: a row with its indexes, one for each pair of address and name. */
const bytesPerRow = 200;

/** Failures of one address: rows by name, the longest unchanged first. */
interface Address {
  readonly rows: Map<string, { count: number; atMs: number }>;
  sum: number;
}

function axesRule(alert: (kind: string) => void, coolOffMs: number): Rule {
  const addresses = new Map<string, Address>();
  let rows = 0;

  function recent(key: string, nowMs: number): Address {
    const address = entryOf(addresses, key, () => ({ rows: new Map(), sum: 0 }));
    for (const [name, { count, atMs }] of address.rows) {
      if (atMs > nowMs - coolOffMs) break;
      address.rows.delete(name);
      address.sum -= count;
      rows -= 1;
    }
    return address;
  }

  function fail(address: Address, { name, nowMs }: LoginAttempt): void {
    const count = (address.rows.get(name)?.count ?? 0) + 1;
    if (count === 1) rows += 1;
    // Put in anew, so that the rows stay in the order of their times.
    address.rows.delete(name);
    address.rows.set(name, { count, atMs: nowMs });
    address.sum += 1;
  }

  return {
    before(attempt) {
      const address = recent(attempt.address, attempt.nowMs);
      if (address.sum < failureLimit) return undefined;
      fail(address, attempt);
      return { as: 'denied', retryAfterMs: coolOffMs };
    },
    after(attempt) {
      if (attempt.right) return undefined;
      const address = recent(attempt.address, attempt.nowMs);
      fail(address, attempt);
      if (address.sum === failureLimit) alert('address');
      return undefined;
    },
    bytes: () => rows * bytesPerRow,
  };
}

/**
 * django-axes with its defaults: 3 failures of an address lock it until somebody resets it; a success resets nothing.
 * Source: django-axes `axes/conf.py` (AXES_FAILURE_LIMIT 3, AXES_COOLOFF_TIME None, AXES_LOCKOUT_PARAMETERS ip_address,
 * AXES_RESET_ON_SUCCESS False), `axes/handlers/database.py`.
 */
export const axes = peer('axes', (alert) => axesRule(alert, Infinity));

/** The same with AXES_COOLOFF_TIME of an hour, as it is usually deployed; attempts while locked begin the hour anew. */
export const axesHour = peer('axes1h', (alert) => axesRule(alert, hourMs));
