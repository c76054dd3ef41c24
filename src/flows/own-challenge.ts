import { withDeadline } from '../kernel/deadline.ts';
import { errorName, StoreError } from '../kernel/errors.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import { subjectOf } from './door.ts';
import type { FlowParts } from './parts.ts';

/** What the app's challenge may take, ms. */
const deadlineMs = 3_000;

/** Asks the app's own challenge. It knows no account, and so its verdict tells nothing of one. One that fails or is late has said no. */
export async function passesOwnChallenge({ challenge: { own }, clock, emit, reportError }: FlowParts, response: unknown, facts: RequestFacts): Promise<boolean> {
  if (own === undefined) return true;
  try {
    const asked = (async () => own({ response, facts }))();
    const passed = (await withDeadline<unknown>(asked, { clock, deadlineMs, onLate: () => new StoreError(`challenge.own: no answer within ${deadlineMs} ms`) })) === true;
    if (!passed) emit({ type: 'sign-in.failed', reason: 'challenge-refused', ...subjectOf(facts) });
    return passed;
  } catch (error) {
    emit({ type: 'challenge.own-failed', error: errorName(error), ...subjectOf(facts) });
    reportError(error);
    return false;
  }
}
