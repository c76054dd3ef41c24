import type { RequestFacts } from '../ports/attempt.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EventSubject, FlowName } from '../ports/events.ts';
import { enter, type SignedIn } from './admit.ts';
import { charge, refund, subjectOf, visit, type Visit } from './door.ts';
import { recognize } from './epochs.ts';
import { tellCodeUsed, tellFactorChange, tellFactorFailed } from './notices.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard } from './password-guard.ts';
import { endPendingCookie, type FoundSignIn, type PendingSignIns } from './pending-sign-ins.ts';
import { goesOn } from './still.ts';
import { checkFactor, type FactorCheck, type FactorInput } from './standing.ts';

export interface SecondFactorInput extends FactorInput {
  /** Spare this browser the second factor for a while. */
  readonly remember?: unknown;
  readonly facts: RequestFacts;
}

/** `codesLeft`, `reissue`: a recovery code was used; with `reissue` it is time for new ones. */
export type SecondFactorResult = (SignedIn & { readonly codesLeft?: number; readonly reissue?: boolean }) | Answered;

interface Doors {
  readonly pendings: PendingSignIns;
  readonly guard: PasswordGuard;
}

export interface SecondFactor {
  /** Completes the sign-in that this browser has begun. Never rejects. */
  verify(input: SecondFactorInput): Promise<SecondFactorResult>;
}

/**
 * Makes the second step of a sign-in. What the first step left behind is bound to the account, its password and the browser,
 * lives for 10 minutes, takes five codes and opens nothing (OWASP ASVS 5.0 2.3.1, 6.3.3, 6.6.2).
 */
export function createSecondFactor(parts: FlowParts, doors: Doors): SecondFactor {
  return Object.freeze({
    verify: (input: SecondFactorInput) => visit<SecondFactorResult>(parts, { flow: 'second-factor', facts: input.facts }, (current) => verify(parts, doors, { input, current })),
  });
}

async function verify(parts: FlowParts, { pendings, guard }: Doors, { input, current }: { readonly input: SecondFactorInput; readonly current: Visit }): Promise<SecondFactorResult> {
  const { accounts, devices, limiters } = parts;
  const { facts } = current;
  const browser = devices.read(facts.cookies);
  const found = await pendings.find(facts, browser);
  const account = found && (await accounts.findById(found.pending.accountId));
  const recognition = await recognize(parts, browser, account);
  // A known browser has a budget of its own: whoever has the password and no code must not use up the owner's.
  const who = recognition.known ? { browserId: browser.id } : account === undefined ? {} : { accountId: account.id };
  const charged = await charge(parts, limiters.secondFactor, current, who);
  if (!charged.ok) return charged.answered;
  if (found === undefined || account === undefined || !found.fits(account)) return startAgain(parts, current);
  const still = await goesOn(parts, guard, { account, epochs: found.pending.epochs, byPassword: 'password' in found.pending.proofs });
  if (still === undefined) return startAgain(parts, current);
  const about = subjectOf(facts, { accountId: account.id, nameTag: parts.keys.digest('identifier', found.pending.name) });
  const triesLeft = await found.takeTry();
  if (triesLeft === undefined) return startAgain(parts, current);

  const check = await checkFactor(parts, { accountId: account.id, known: recognition.known, input });
  if (!check.ok) return refuse(parts, { check, account, about, current, found, triesLeft, known: recognition.known });
  reportFactor(parts, { check, account, about, flow: 'second-factor', current, known: recognition.known });
  // The code is spent. Of two that were right at once, one signs in.
  if (!(await found.burn())) return startAgain(parts, current);
  await refund(limiters.secondFactor, charged.pass);
  const { pending } = found;
  const nowMs = parts.clock.nowMs();
  const signedIn = await enter(parts, {
    arrival: { account, name: pending.name, browser, recognition, pathway: pending.pathway, mustChange: pending.mustChange, ordered: still.mustChange, about, visit: current, evidence: pending.receipt && { receipt: pending.receipt, held: true } },
    session: { accountId: account.id, stage: 'full', startedAtMs: nowMs, epochs: pending.epochs, proofs: { ...pending.proofs, [check.method]: nowMs } },
    rememberFactor: isTicked(input.remember),
    moreCookies: [endPendingCookie],
  });
  await current.span.end();
  return { ...signedIn, ...(check.left !== undefined && { codesLeft: check.left, reissue: check.reissue === true }) };
}

/** A checkbox of a form, or a flag of a program. */
function isTicked(value: unknown): boolean {
  return value === true || value === 'on' || value === 'true' || value === '1';
}

async function startAgain(parts: FlowParts, current: Visit): Promise<Answered> {
  parts.emit({ type: 'second-factor.failed', flow: 'second-factor', method: 'none', reason: 'nothing-pending', ...subjectOf(current.facts) });
  return { ...(await current.answer('second-factor-expired')), setCookies: [endPendingCookie] };
}

interface Refusal {
  readonly check: Extract<FactorCheck, { ok: false }>;
  readonly account: StoredAccount;
  readonly about: EventSubject;
  readonly current: Visit;
  readonly found: FoundSignIn;
  readonly triesLeft: number;
  readonly known: boolean;
}

async function refuse(parts: FlowParts, { check, account, about, current, found, triesLeft, known }: Refusal): Promise<Answered> {
  reportRefusal(parts, { check, account, about, flow: 'second-factor', current });
  if (check.retryAfterMs !== undefined) return current.now(parts.uniform.comeBack('too-many-requests', check.retryAfterMs, current.facts.accepts));
  // Whoever begins anew before the fifth code must not guess in silence (OWASP ASVS 5.0 6.3.5). A known browser mistypes.
  if (!known || triesLeft === 0) tellFactorFailed(parts, { account, span: current.span });
  if (triesLeft > 0) return current.answer('second-factor-failed');
  await found.burn();
  return { ...(await current.answer('second-factor-expired')), setCookies: [endPendingCookie] };
}

interface Reported<C> {
  readonly check: C;
  readonly account: StoredAccount;
  readonly about: EventSubject;
  readonly flow: FlowName;
  readonly current: Visit;
}

/** What a second factor that was right leaves to tell. */
export function reportFactor(parts: FlowParts, { check, account, about, flow, current, known }: Reported<Extract<FactorCheck, { ok: true }>> & { readonly known: boolean }): void {
  parts.emit({ type: 'second-factor.succeeded', flow, method: check.method, ...about });
  if (check.left === undefined) return;
  parts.emit({ type: 'recovery-code.used', left: check.left, ...about });
  tellCodeUsed(parts, { account, span: current.span, left: check.left, known });
}

/** What one that was refused leaves to tell. The answer says none of it. */
export function reportRefusal(parts: FlowParts, { check, account, about, flow, current }: Reported<Extract<FactorCheck, { ok: false }>>): void {
  parts.emit({ type: 'second-factor.failed', flow, method: check.method, reason: check.reason, ...about });
  if (check.disabledNow.length > 0) tellFactorChange(parts, { account, span: current.span, what: 'disabled', by: 'library' });
}
