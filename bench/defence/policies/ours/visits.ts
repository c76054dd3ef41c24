import type { LoginAttempt } from '../../policy.ts';

/** A known browser of an account counts once in each of these spans, as in the flow for signing in. */
const countedEveryMs = 6 * 3_600_000;

export interface Visits {
  /** Whether the account has come in by this browser in this span before. */
  isAgain(attempt: LoginAttempt): boolean;
}

export function makeVisits(): Visits {
  const spans = new Map<string, number>();
  return {
    isAgain({ accountId, browserId, nowMs }) {
      const key = `${accountId} ${browserId}`;
      const span = Math.floor(nowMs / countedEveryMs);
      const isAgain = spans.get(key) === span;
      spans.set(key, span);
      return isAgain;
    },
  };
}
