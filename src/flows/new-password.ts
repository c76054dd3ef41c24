import type { GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject, FlowName } from '../ports/events.ts';
import { tellPasswordChanged } from './notices.ts';
import type { Answered, FlowParts, RejectionReason } from './parts.ts';
import type { UniformReplies, UniformSpan } from '../uniform/index.ts';

export interface WantedPassword {
  readonly flow: FlowName;
  /** As it came from the form. */
  readonly password: unknown;
  /** What others know of the person. */
  readonly personal: readonly string[];
  readonly facts: RequestFacts;
  readonly about: EventSubject;
  readonly span: UniformSpan;
}

/** A hash to store and whether the password must be looked up again, or the answer with all reasons against it. */
export type NewPassword = { readonly ok: true; readonly passwordHash: string; readonly recheck: boolean } | { readonly ok: false; readonly answered: Answered };

/** How long the breach lookup may take when a password is set, ms. */
const breachBudgetMs = 1_000;

/** The refusal of what was typed. It is about that alone, never about who has an account. */
export function rejected(uniform: UniformReplies, given: readonly RejectionReason[], { accepts }: RequestFacts): Answered {
  const reasons = given.map(({ code, message }) => Object.freeze({ code, message }));
  return { outcome: 'answered', reply: uniform.rejection(reasons, accepts), reasons };
}

/** A password that was disowned, guessed at, ordered to be replaced or typed once more must not come back as its own successor. */
export const samePassword = Object.freeze({ code: 'same-password', message: 'That is the old password. Choose another one.' });

/** Judges a new password and hashes it. */
export async function takeNewPassword(parts: FlowParts, wanted: WantedPassword): Promise<NewPassword> {
  const { password: policy, hasher, uniform, emit } = parts;
  const { flow, password, personal, facts, about, span } = wanted;
  const verdict = await policy.check({ password, personal, budgetMs: breachBudgetMs });
  if (!verdict.ok || typeof password !== 'string') {
    const reasons = verdict.ok ? [] : verdict.reasons;
    emit({ type: 'password.rejected', flow, reasons: reasons.map(({ code }) => code), ...about });
    await span.end();
    const guidance = verdict.ok ? [] : [{ code: 'guidance', message: verdict.guidance }];
    return { ok: false, answered: rejected(uniform, [...reasons, ...guidance], facts) };
  }
  if (verdict.breach === 'unknown') emit({ type: 'breach.unknown', flow, reason: 'no-verdict', ...about });
  return { ok: true, passwordHash: await hasher.hash(password), recheck: verdict.breach === 'unknown' };
}

export interface StoredPassword {
  /** As it was before. */
  readonly account: StoredAccount;
  readonly how: 'change' | 'reset';
  /** Whether it comes from a browser that the account knows. */
  readonly known: boolean;
  readonly recheck: boolean;
  readonly span: UniformSpan;
  /** Of the sign-in that led to it: the login guard is told that it was the owner's. */
  readonly receipt?: GuardReceipt | undefined;
}

/** What a new password leaves to do once the answer is out: the owner is told, and the mark of the old one goes. */
export function newPasswordStored(parts: FlowParts, { account, how, known, recheck, span, receipt }: StoredPassword): void {
  const { accounts, loginGuard } = parts;
  if (receipt !== undefined) void loginGuard.settle(receipt, 'refunded');
  tellPasswordChanged(parts, { account, span, how, known });
  if (recheck !== account.needsBreachRecheck) span.later('breach-recheck', () => accounts.setBreachRecheck({ accountId: account.id, needed: recheck }));
}
