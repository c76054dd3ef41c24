import type { LoginAttempt } from '../../policy.ts';

/** An account counts once in each of these spans, as in the flow for signing in. */
const countedEveryMs = 6 * 3_600_000;

export interface Visits {
  /** Whether the account has come in, by whatever browser, in this span before. */
  isAgain(attempt: Pick<LoginAttempt, 'accountId' | 'nowMs'>): boolean;
}

export function makeVisits(): Visits {
  const spans = new Map<string | undefined, number>();
  return {
    isAgain({ accountId, nowMs }) {
      const span = Math.floor(nowMs / countedEveryMs);
      const isAgain = spans.get(accountId) === span;
      spans.set(accountId, span);
      return isAgain;
    },
  };
}
