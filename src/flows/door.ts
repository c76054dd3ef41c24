import { BusyError, errorName, isPortcullisError } from '../kernel/errors.ts';
import { inputText, readIdentifier } from '../kernel/identifier.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject, FlowName } from '../ports/events.ts';
import type { Reply } from '../ports/reply.ts';
import type { ReplyName, UniformSpan } from '../uniform/index.ts';
import type { LimitRuleName } from './limit-keys.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { Limiter, LimiterDecision, LimiterPass } from '../limiter/index.ts';

/** Longest password that is looked at, in UTF-16 units: beyond, it cannot be one that the policy accepted. */
const maxPasswordChars = 1_024;
const retryAfterOutageMs = 5_000;

/** One request on its way through a flow. */
export interface Visit {
  readonly facts: RequestFacts;
  /** When the request came, wall-clock ms. */
  readonly startedAtMs: number;
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
  const { uniform, clock, emit, reportError } = parts;
  const span = uniform.begin(flow);
  const answered = (reply: Reply): Answered => ({ outcome: 'answered', reply });
  try {
    return await work({
      facts,
      startedAtMs: clock.nowMs(),
      span,
      now: answered,
      async answer(name, notBeforeMs) {
        await span.end(notBeforeMs);
        return answered(uniform.reply(name, facts.accepts));
      },
    });
  } catch (error) {
    if (error instanceof BusyError) {
      // The gate turns everybody away alike, but it comes after the user table, whose time must not show.
      await span.end();
      return answered(uniform.comeBack('busy', error.retryAfterMs, facts.accepts));
    }
    emit({ type: 'request.failed', flow, error: errorName(error), ...subjectOf(facts) });
    reportError(isPortcullisError(error) ? (error.cause ?? error) : error);
    await span.end();
    return answered(uniform.comeBack('busy', retryAfterOutageMs, facts.accepts));
  }
}

/** Who a request names: an identifier in its canonical form, or the account whose session it has. */
interface Named {
  readonly name?: string | undefined;
  readonly accountId?: string;
  /**
   * A browser that seems to be known: its own budget is charged and nothing else. Neither its neighbors at an address nor, where a proxy hides all
   * addresses, the whole world can use that up (OWASP Device Cookies).
   */
  readonly browserId?: string | undefined;
}

/** Takes the charge of one request in one step: by address and (where one is named) by account, or by the browser alone. */
export async function charge(parts: FlowParts, limiter: Limiter<LimitRuleName>, { facts, now }: Visit, { name, accountId, browserId }: Named = {}): Promise<Charge> {
  const keys = browserId === undefined ? parts.limitKeys.of(facts.address, accountId ?? name) : { device: parts.limitKeys.device(browserId) };
  const who = accountId === undefined ? name !== undefined && { nameTag: parts.keys.digest('identifier', name) } : { accountId };
  const decision = await limiter.take(keys, { about: subjectOf(facts, { ...who }) });
  if (decision.ok) return { ok: true, pass: decision };
  return { ok: false, answered: now(parts.uniform.comeBack('too-many-requests', decision.retryAfterMs, facts.accepts)) };
}

/**
 * Charges the account that a name has led to. A table may find one account under many names (a collation that ignores
 * accents does), and each of them has a budget of its own. For nobody the store is asked as often, and charged nothing.
 */
export async function chargeAccount(parts: FlowParts, limiter: Limiter<LimitRuleName>, { accountId, about }: { readonly accountId: string | undefined; readonly about: EventSubject }): Promise<LimiterDecision> {
  const { limitKeys } = parts;
  if (accountId === undefined) return limiter.peek({ account: limitKeys.account('') });
  return limiter.take({ account: limitKeys.account(accountId) }, { about: { ...about, accountId } });
}

/** Gives an account all mails with links to a new password that it may have, whoever has asked for those before. */
export async function renewMails({ limiters, limitKeys, canonicalize }: Pick<FlowParts, 'limiters' | 'limitKeys' | 'canonicalize'>, { id, email }: StoredAccount): Promise<void> {
  const { account: byName } = limitKeys.of(undefined, readIdentifier(email, canonicalize));
  if (byName !== undefined) await limiters.mail.clear('account', byName);
  await limiters.mail.clear('account', limitKeys.account(id));
  await limiters.challenge.clear('account', limitKeys.account(resetBudget(id)));
}

/** Whose budget of links it is that an order to replace the password gives to whoever knows the old one. */
export function resetBudget(accountId: string): string {
  return `${accountId} reset`;
}

/** Gives back what was charged to the name alone: what was wrong with a form is no reason to close a mailbox. */
export async function refundName(parts: FlowParts, limiter: Limiter<LimitRuleName>, { pass, facts }: { readonly pass: LimiterPass; readonly facts: RequestFacts }): Promise<void> {
  if (!pass.charged) return;
  await refund(limiter, pass);
  await limiter.take(parts.limitKeys.of(facts.address)).catch(() => undefined);
}

/** Gives a charge back. A store that fails at it has reported that, and it is no reason to change an answer. */
export async function refund(limiter: Limiter<LimitRuleName>, pass: LimiterPass): Promise<void> {
  await limiter.refund(pass).catch(() => undefined);
}

/** Runs what was charged for. An attempt that no verdict came of (an overload, an outage) was no attempt. */
export async function orRefund<T>({ limiter, pass }: { readonly limiter: Limiter<LimitRuleName>; readonly pass: LimiterDecision }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (pass.ok) await refund(limiter, pass);
    throw error;
  }
}

/** The password as it came, or undefined for what cannot be one. */
export function readPassword(value: unknown): string | undefined {
  return inputText(value, maxPasswordChars);
}

/** What a browser calls itself, for the list of known ones. */
export function labelOf({ userAgent }: RequestFacts): { readonly label?: string } {
  return userAgent === undefined ? {} : { label: userAgent };
}

/** What events say about the sender. */
export function subjectOf(facts: RequestFacts, who: { readonly accountId?: string; readonly nameTag?: string } = {}): EventSubject {
  return { ...who, ...(facts.address !== undefined && { address: facts.address }) };
}
