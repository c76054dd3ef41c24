import type { Browser, Recognition } from '../device/index.ts';
import type { GuardPass, GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EventDetails, EventSubject } from '../ports/events.ts';
import { resetBudget, type Visit } from './door.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard } from './password-guard.ts';
import type { ResetReason, ResetTickets } from './reset-tickets.ts';

/** How long the breach lookup may take at sign-in, ms. */
export const breachBudgetMs = 300;
/** A timer that is late must not tell a lookup from none. */
const slackMs = 50;

/** A store that cannot write must not tell a right password that opens nothing from a wrong one, which is counted. */
export function asIfWrong({ guard }: { readonly guard: PasswordGuard }, name: string): Promise<void> {
  return guard.failed({ account: undefined, name, known: false });
}

/** What was seen of an attempt beside its outcome. */
interface Seen {
  readonly recognition: Recognition;
  readonly evidence: GuardPass | undefined;
}

/** Reports a sign-in that was refused. */
export function refuse({ emit }: FlowParts, { about, account, seen, reason }: { readonly about: EventSubject; readonly account: StoredAccount | undefined; readonly seen: Seen; readonly reason: EventDetails['sign-in.failed']['reason'] }): void {
  const { recognition: { known }, evidence } = seen;
  emit({ type: 'sign-in.failed', reason, knownDevice: known, ...(evidence !== undefined && { repeated: evidence.repeated, reasons: evidence.reasons }), ...about, ...(account !== undefined && { accountId: account.id }) });
}

/** When a failure may be answered: late enough to have looked the password up, whether or not there was reason to. */
export function failureAtMs({ clock }: FlowParts): number {
  return clock.monotonicMs() + breachBudgetMs + slackMs;
}

/** The one answer to every failure. Where strangers may be mailed a link, each of them gets a cookie to be recognized by. */
export async function failure(parts: FlowParts, current: Visit, browser: Browser, atMs = failureAtMs(parts)): Promise<Answered> {
  const { setCookie } = parts.challenge.strangers === 'none' ? {} : parts.devices.identify(browser);
  return { ...(await current.answer('sign-in-failed', atMs)), ...(setCookie !== undefined && { setCookies: [setCookie] }) };
}

/** Tells the login guard what came of an attempt. It was not asked about a browser that the account knows. */
export function tellGuard({ loginGuard }: FlowParts, evidence: GuardPass | undefined, as: 'failed' | 'held'): void {
  if (evidence !== undefined) void loginGuard.settle(evidence.receipt, as);
}

/** A thief who tries a right password all day must not fill its owner's mailbox. */
export async function mailReset({ limiters, limitKeys }: FlowParts, { resets }: { readonly resets: ResetTickets }, account: StoredAccount, { because, receipt }: { readonly because: ResetReason; readonly receipt: GuardReceipt | undefined }): Promise<void> {
  // What an operator has ordered is asked of the owner: strangers must not use it up for a day.
  const ordered = because === 'compromised' || because === 'incident';
  const decision = ordered ? await limiters.challenge.take({ account: limitKeys.account(resetBudget(account.id)) }) : await limiters.notice.take({ account: limitKeys.account(account.id) });
  if (decision.ok) await resets.mail(account, because, receipt);
}
