import type { BreachVerdict } from '../breach/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import { admit, asksStranger, type SignInResult } from './admit.ts';
import { refund } from './door.ts';
import { asIfWrong, breachBudgetMs, failure, mailReset, refuse, tellGuard } from './failed-sign-in.ts';
import type { Answered, FlowParts } from './parts.ts';
import { hasPassword, passwordTag } from './password-tag.ts';
import type { Attempt, Look, SignInDoors } from './sign-in-attempt.ts';
import { standingOf, type Standing } from './standing.ts';

export interface RightPassword {
  readonly attempt: Attempt;
  readonly account: StoredAccount;
  readonly looked: Look;
  /** When a failure is answered. */
  readonly answerAtMs: number;
}

/** What is known of a right password once everything has been asked. */
interface Judged {
  readonly leak: BreachVerdict;
  readonly standing: Standing;
  /** Whether the app asks every stranger, or this one, for a mailed link. */
  readonly isAsked: boolean;
  /** Whether the evidence does. */
  readonly isSuspicious: boolean;
}

/** The password was right. Does it open the account? */
export async function openWith(parts: FlowParts, doors: SignInDoors, right: RightPassword): Promise<SignInResult> {
  const judged = await judge(parts, doors, right);
  return (await refused(parts, doors, right, judged)) ?? enterWith(parts, doors, right, judged);
}

/** At once: a right password that opens nothing must take no longer than a wrong one, which is counted. */
async function judge(parts: FlowParts, doors: SignInDoors, { attempt, account, looked: { recognition, evidence } }: RightPassword): Promise<Judged> {
  const { facts } = attempt.visit;
  const [leak, standing, isAsked, familiar] = await Promise.all([
    parts.breach.check({ password: attempt.password, budgetMs: breachBudgetMs }),
    standingOf(parts, account, recognition.known),
    asksStranger(parts, { account, recognition, facts, deadlineMs: breachBudgetMs }),
    evidence !== undefined && parts.devices.isFamiliar({ accountId: account.id, address: facts.address }),
    asIfWrong(doors, attempt.name),
  ]);
  return { leak, standing, isAsked, isSuspicious: evidence?.after({ familiar }).stepUp === true };
}

/** What has leaked opens nothing, and neither does what nobody can be asked about. The charge stays: a budget that grew back would tell that the password was right. */
async function refused(parts: FlowParts, doors: SignInDoors, right: RightPassword, { leak, standing, isSuspicious }: Judged): Promise<Answered | undefined> {
  const { attempt, account, looked, answerAtMs } = right;
  const { recognition, evidence } = looked;
  const { about, browser, visit: current } = attempt;
  if (leak.verdict === 'breached') parts.emit({ type: 'breach.found', flow: 'sign-in', count: leak.count, ...about, accountId: account.id });
  if (leak.verdict === 'unknown') parts.emit({ type: 'breach.unknown', flow: 'sign-in', reason: leak.reason, ...about, accountId: account.id });
  if (leak.verdict === 'breached' && !mustChange(right, leak)) {
    refuse(parts, { about, account, seen: looked, reason: 'breached-password' });
    tellGuard(parts, evidence, 'held');
    current.span.later('breach-mail', () => mailReset(parts, doors, account, { because: 'breached-password', receipt: evidence?.receipt }));
    return failure(parts, current, browser, answerAtMs);
  }
  if (isSuspicious && !recognition.known && !standing.factors.enrolled && parts.challenge.strangers === 'none') {
    refuse(parts, { about, account, seen: looked, reason: 'suspicious' });
    tellGuard(parts, evidence, 'held');
    return failure(parts, current, browser, answerAtMs);
  }
  return undefined;
}

/** In a browser that more than a password has proven it is the owner, who may change it and do nothing else. */
function mustChange({ looked: { recognition } }: RightPassword, { verdict }: BreachVerdict): boolean {
  return verdict === 'breached' && recognition.known && recognition.provenSinceMs !== undefined;
}

async function enterWith(parts: FlowParts, doors: SignInDoors, right: RightPassword, { leak, standing, isAsked, isSuspicious }: Judged): Promise<SignInResult> {
  const { attempt, looked, answerAtMs } = right;
  const { name, browser, visit: current } = attempt;
  const { charges, recognition, epochs, evidence } = looked;
  const isMailed = isAsked || isSuspicious;
  // Before anything is bound to the password: what waits for a second factor names the hash that it was begun with. Not where the
  // answer is the one to a wrong password, whose time must not tell of a new hash.
  const account = looked.verdict.ok && looked.verdict.rehash && !isMailed ? await rehashed(parts, right.account, attempt.password) : right.account;
  const about = { ...attempt.about, accountId: account.id };
  const result = await admit(parts, doors, {
    account,
    name,
    epochs,
    proofs: { password: parts.clock.nowMs() },
    mustChange: mustChange(right, leak),
    ordered: looked.known.mustChange,
    pathway: 'password',
    browser,
    recognition,
    about,
    visit: current,
    evidence: evidence && { receipt: evidence.receipt, held: false },
    standing,
    strangerAnswer: isMailed ? () => failure(parts, current, browser, answerAtMs) : undefined,
    beforeOpening: async () => {
      // A new password since the row was read: whoever came with the old one is too late. After the mark, so that one of the two tells.
      const now = await parts.accounts.findById(account.id);
      if (now?.active !== true || !hasPassword(parts.keys, now, passwordTag(parts.keys, account))) {
        refuse(parts, { about, account, seen: looked, reason: 'changed-meanwhile' });
        return failure(parts, current, browser, answerAtMs);
      }
      return doors.guard.passed(account);
    },
  });
  // Whoever is asked for a mailed link must not see by the budget that the password was right.
  if (result.outcome === 'answered') return result;
  for (const charged of [attempt.pass, ...charges]) if (charged.ok) await refund(parts.limiters.signIn, charged);
  const needsRecheck = leak.verdict === 'unknown';
  if (needsRecheck !== account.needsBreachRecheck) {
    parts.uniform.later('breach-recheck', () => parts.accounts.setBreachRecheck({ accountId: account.id, needed: needsRecheck }));
  }
  return result;
}

/** Replaces an outdated hash, since only a right password can. An overload or an outage leaves it for another day. */
async function rehashed({ hasher, accounts }: FlowParts, account: StoredAccount, password: string): Promise<StoredAccount> {
  try {
    const passwordHash = await hasher.hash(password);
    const replaced = await accounts.replacePasswordHash({ accountId: account.id, previousHash: account.passwordHash, passwordHash, because: 'new-hash' });
    return replaced ? { ...account, passwordHash } : account;
  } catch {
    // Both have reported what was wrong with them.
    return account;
  }
}
