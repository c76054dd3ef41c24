import { BusyError, errorName, isPortcullisError } from '../kernel/errors.ts';
import { inputText } from '../kernel/identifier.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject, FlowName } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import type { ReplyName, UniformSpan } from '../uniform/index.ts';
import type { LimitRuleName } from './limit-keys.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { Limiter, LimiterPass } from '../limiter/index.ts';

/** Longest password that is looked at, in UTF-16 units: beyond, it cannot be one that the policy accepted. */
const maxPasswordChars = 1_024;
const retryAfterOutageMs = 5_000;

/** One request on its way through a flow. */
export interface Visit {
  readonly facts: RequestFacts;
  readonly span: UniformSpan;
  /** The answer of that name, once the time floor is reached. */
  readonly answer: (name: ReplyName, notBeforeMs?: number) => Promise<Answered>;
  /** An answer at once: for refusals that do not depend on who exists. */
  readonly now: (reply: Reply) => Answered;
}

/** Charges a request before anything is looked at. Refused: the answer to give. */
export type Charge = { readonly ok: true; readonly pass: LimiterPass } | { readonly ok: false; readonly answered: Answered };

/**
 * Runs a flow. Whatever it throws becomes 503, the same for everybody: an exception never opens a door, and tells nothing
 * (OWASP ASVS 5.0 16.5.1, 16.5.3).
 */
export async function visit<T>(parts: FlowParts, { flow, facts }: { readonly flow: FlowName; readonly facts: RequestFacts }, work: (visit: Visit) => Promise<T>): Promise<T | Answered> {
  const { uniform, emit, reportError } = parts;
  const span = uniform.begin(flow);
  const answered = (reply: Reply): Answered => ({ outcome: 'answered', reply });
  try {
    return await work({
      facts,
      span,
      now: answered,
      async answer(name, notBeforeMs) {
        await span.end(notBeforeMs);
        return answered(uniform.reply(name, facts.accepts));
      },
    });
  } catch (error) {
    // The gate turns everybody away alike, and an overload is no time to hold requests.
    if (error instanceof BusyError) return answered(uniform.comeBack('busy', error.retryAfterMs, facts.accepts));
    emit({ type: 'request.failed', flow, error: errorName(error), ...subjectOf(facts) });
    if (!isPortcullisError(error)) reportError(error);
    else if (error.cause !== undefined) reportError(error.cause);
    await span.end();
    return answered(uniform.comeBack('busy', retryAfterOutageMs, facts.accepts));
  }
}

/** Takes the charge of one request, by address and (where one is named) by account, in one step. */
export async function charge(parts: FlowParts, limiter: Limiter<LimitRuleName>, { facts, now }: Visit, name?: string): Promise<Charge> {
  const decision = await limiter.take(parts.limitKeys.of(facts.address, name));
  if (decision.ok) return { ok: true, pass: decision };
  return { ok: false, answered: now(parts.uniform.comeBack('too-many-requests', decision.retryAfterMs, facts.accepts)) };
}

/** Gives a charge back. A store that fails at it has reported that, and it is no reason to change an answer. */
export async function refund(limiter: Limiter<LimitRuleName>, pass: LimiterPass): Promise<void> {
  await limiter.refund(pass).catch(() => undefined);
}

/** Runs what was charged for. An attempt that no verdict came of (an overload, an outage) was no attempt. */
export async function orRefund<T>({ limiter, pass }: { readonly limiter: Limiter<LimitRuleName>; readonly pass: LimiterPass }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await refund(limiter, pass);
    throw error;
  }
}

/** The password as it came, or undefined for what cannot be one. */
export function readPassword(value: unknown): string | undefined {
  return inputText(value, maxPasswordChars);
}

/** What events say about the sender. */
export function subjectOf(facts: RequestFacts, who: { readonly accountId?: string; readonly nameTag?: string } = {}): EventSubject {
  return { ...who, ...(facts.address !== undefined && { address: facts.address }) };
}
