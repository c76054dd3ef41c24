import { readIdentifier } from '../kernel/identifier.ts';
import type { Browser, Recognition } from '../device/index.ts';
import type { HashVerdict } from '../hasher/index.ts';
import type { LimiterDecision, LimiterPass } from '../limiter/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventDetails, EventSubject } from '../ports/events.ts';
import type { EpochMark } from '../ports/session.ts';
import { admit, asksStranger, type SignInResult } from './admit.ts';
import type { ChallengeTickets } from './challenge-tickets.ts';
import { charge, chargeAccount, orRefund, readPassword, refund, resetBudget, subjectOf, visit, type Visit } from './door.ts';
import { markFor, recognize } from './epochs.ts';
import { passesOwnChallenge } from './own-challenge.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordGuard, PasswordLook } from './password-guard.ts';
import { hasPassword, passwordTag } from './password-tag.ts';
import type { PendingSignIns } from './pending-sign-ins.ts';
import type { ResetReason, ResetTickets } from './reset-tickets.ts';
import { standingOf } from './standing.ts';

/** What came from the form, as it came. */
export interface SignInInput {
  readonly identifier: unknown;
  readonly password: unknown;
  /** What the app's own challenge understands. */
  readonly challenge?: unknown;
  readonly facts: RequestFacts;
}

export interface SignIn {
  /** Decides one attempt. Never rejects. */
  attempt(input: SignInInput): Promise<SignInResult>;
}

/** What the sign-in is made of beside the pieces. */
export interface SignInDoors {
  readonly resets: ResetTickets;
  readonly guard: PasswordGuard;
  readonly pendings: PendingSignIns;
  readonly tickets: ChallengeTickets;
}

/** How long the breach lookup may take at sign-in, ms. */
const breachBudgetMs = 300;
/** A timer that is late must not tell a lookup from none. */
const slackMs = 50;

interface Attempt {
  readonly name: string;
  readonly password: string;
  readonly browser: Browser;
  /** Whose budget was charged: the name's, the browser's own in its place, or the name's because the browser's is `spent`. */
  readonly budget: 'name' | 'device' | 'spent';
  readonly about: EventSubject;
  readonly pass: LimiterPass;
  readonly visit: Visit;
}

/** The password was compared, and what else decides about it was read. */
interface Look {
  readonly account: StoredAccount | undefined;
  readonly recognition: Recognition;
  /** The epochs from before the password was looked at. */
  readonly epochs: EpochMark;
  /** What was charged to the account itself. */
  readonly own: LimiterDecision;
  readonly verdict: HashVerdict;
  readonly known: PasswordLook;
}

const stranger: Recognition = Object.freeze({ known: false });

/**
 * Makes the sign-in: charge, find, verify, settle, look up, and what every way in comes to then. Nobody walks on: an unknown
 * name has a decoy to verify against. A right password that has leaked opens nothing; the owner is mailed a link, and the
 * answer is that to a wrong one, down to its time. Source: NIST SP 800-63B-4 section 3.1.1.2 and 3.2.2, OWASP ASVS 5.0
 * 6.2.12, 6.3.1, 6.3.8.
 */
export function createSignIn(parts: FlowParts, doors: SignInDoors): SignIn {
  const { canonicalize, devices, keys, emit } = parts;

  return Object.freeze({
    attempt: ({ identifier, password, challenge, facts }: SignInInput) =>
      visit<SignInResult>(parts, { flow: 'sign-in', facts }, async (current) => {
        const name = readIdentifier(identifier, canonicalize);
        const text = readPassword(password);
        const browser = devices.read(facts.cookies);
        const asDevice = name !== undefined && browser.mayKnow(name) && browser.id !== undefined;
        const own = asDevice ? await charge(parts, parts.limiters.signIn, current, { browserId: browser.id }) : undefined;
        // A browser that has used up its own budget is a stranger.
        const charged = own?.ok === true ? own : await charge(parts, parts.limiters.signIn, current, { name });
        if (!charged.ok) return charged.answered;
        if (!(await passesOwnChallenge(parts, challenge, facts))) return current.answer('own-challenge-failed');
        if (name === undefined || text === undefined) {
          emit({ type: 'request.malformed', flow: 'sign-in', ...subjectOf(facts) });
          return failure(parts, current, browser);
        }
        const about = subjectOf(facts, { nameTag: keys.digest('identifier', name) });
        return decide(parts, doors, { name, password: text, browser, budget: own === undefined ? 'name' : own.ok ? 'device' : 'spent', about, pass: charged.pass, visit: current });
      }),
  });
}

async function decide(parts: FlowParts, doors: SignInDoors, attempt: Attempt): Promise<SignInResult> {
  const { about, browser, name, visit: current } = attempt;
  const looked = await orRefund({ limiter: parts.limiters.signIn, pass: attempt.pass }, () => look(parts, doors, attempt));
  if ('outcome' in looked) return looked;
  const { account, verdict, recognition, known: { trouble } } = looked;
  // One moment for all that may fail, before anything that only some of them do.
  const answerAtMs = failureAtMs(parts);
  if (!verdict.ok) await doors.guard.failed({ account, name, known: recognition.known });
  else if (account?.active !== true || trouble !== undefined) await asIfWrong(doors, name);
  if (account === undefined || !verdict.ok || !account.active) {
    refuse(parts, about, account, account === undefined ? 'unknown-account' : verdict.ok ? 'inactive-account' : 'wrong-password');
    return failure(parts, current, browser, answerAtMs);
  }
  if (trouble !== undefined) {
    refuse(parts, about, account, trouble === 'disowned' ? 'disowned-password' : trouble === 'too-many-failures' ? trouble : 'forced-reset');
    current.span.later('closed-door-mail', () => mailReset(parts, doors, account, trouble === 'breached' ? 'breached-password' : trouble));
    return failure(parts, current, browser, answerAtMs);
  }
  return settle(parts, doors, { attempt, account, looked, answerAtMs });
}

/** A store that cannot write must not tell a right password that opens nothing from a wrong one, which is counted. */
function asIfWrong({ guard }: SignInDoors, name: string): Promise<void> {
  return guard.failed({ account: undefined, name, known: false });
}

function refuse({ emit }: FlowParts, about: EventSubject, account: StoredAccount | undefined, reason: EventDetails['sign-in.failed']['reason']): void {
  emit({ type: 'sign-in.failed', reason, ...about, ...(account !== undefined && { accountId: account.id }) });
}

/** Finds the account and verifies the password. Of an account that was guessed at too often, no password is compared. */
async function look(parts: FlowParts, { guard }: SignInDoors, attempt: Attempt): Promise<Look | Answered> {
  const { accounts, hasher, limiters } = parts;
  const { name, password, browser, budget, about, pass, visit: current } = attempt;
  const account = await accounts.findByIdentifier(name);
  // Of an organization's members as many reads one after the other as of nobody.
  const [epochs, seen] = await Promise.all([markFor(parts, account, name), recognize(parts, browser, account)]);
  const recognition = budget === 'spent' ? stranger : seen;
  if (budget === 'device' && !recognition.known) {
    // The cookie is from before a reset, say: this is a stranger, who has the budget of strangers.
    const charged = await charge(parts, limiters.signIn, current, { name, onlyAccount: true });
    if (!charged.ok) return charged.answered;
  }
  // What was let through in spite of its name's limit, in observe mode, has been reported once.
  const own = await chargeAccount(parts, limiters.signIn, { accountId: pass.charged && !recognition.known ? account?.id : undefined, about });
  return orRefund({ limiter: limiters.signIn, pass: own }, async () => {
    const verdict = await hasher.verify({ password, stored: own.ok ? account?.passwordHash : undefined, name });
    // After the password: of a thousand guesses at once, those that were found wrong meanwhile count.
    const known = await guard.look({ account, name, known: recognition.known });
    return { account, recognition, epochs, own, verdict, known };
  });
}

/** When a failure may be answered: late enough to have looked the password up, whether or not there was reason to. */
function failureAtMs({ clock }: FlowParts): number {
  return clock.monotonicMs() + breachBudgetMs + slackMs;
}

/** The one answer to every failure. Where strangers may be mailed a link, each of them gets a cookie to be recognized by. */
async function failure(parts: FlowParts, current: Visit, browser: Browser, atMs = failureAtMs(parts)): Promise<Answered> {
  const { setCookie } = parts.challenge.strangers === 'none' ? {} : parts.devices.identify(browser);
  return { ...(await current.answer('sign-in-failed', atMs)), ...(setCookie !== undefined && { setCookies: [setCookie] }) };
}

interface RightPassword {
  readonly attempt: Attempt;
  readonly account: StoredAccount;
  readonly looked: Look;
  /** When a failure is answered. */
  readonly answerAtMs: number;
}

/** The password was right. Does it open the account? */
async function settle(parts: FlowParts, doors: SignInDoors, { attempt, account, looked, answerAtMs }: RightPassword): Promise<SignInResult> {
  const { breach, limiters, clock, emit } = parts;
  const { name, password, browser, visit: current } = attempt;
  const { own, recognition, epochs, verdict } = looked;
  const about = { ...attempt.about, accountId: account.id };
  // At once: a right password that opens nothing must take no longer than a wrong one, which is counted.
  const [leak, standing, isAsked] = await Promise.all([
    breach.check({ password, budgetMs: breachBudgetMs }),
    standingOf(parts, account, recognition.known),
    asksStranger(parts, { account, recognition, facts: current.facts, deadlineMs: breachBudgetMs }),
    asIfWrong(doors, name),
  ]);
  if (leak.verdict === 'breached') emit({ type: 'breach.found', flow: 'sign-in', count: leak.count, ...about });
  // In a browser that more than a password has proven it is the owner, who may change it and do nothing else.
  const mustChange = leak.verdict === 'breached' && recognition.known && recognition.provenSinceMs !== undefined;
  if (leak.verdict === 'breached' && !mustChange) {
    refuse(parts, about, account, 'breached-password');
    current.span.later('breach-mail', () => mailReset(parts, doors, account, 'breached-password'));
    // The charge stays: a budget that grew back would tell that the password was right.
    return failure(parts, current, browser, answerAtMs);
  }
  if (leak.verdict === 'unknown') emit({ type: 'breach.unknown', flow: 'sign-in', reason: leak.reason, ...about });
  // Where the answer may be the one to a wrong password, its time must not tell of a new hash.
  const mayBeMailed = !recognition.known && parts.challenge.strangers !== 'none';
  // Before anything is bound to the password: what waits for a second factor names the hash that it was begun with.
  const rehashedAccount = verdict.ok && verdict.rehash && !mayBeMailed ? await rehashed(parts, account, password) : account;
  const result = await admit(parts, doors, {
    account: rehashedAccount,
    name,
    epochs,
    proofs: { password: clock.nowMs() },
    mustChange,
    ordered: looked.known.mustChange,
    pathway: 'password',
    browser,
    recognition,
    about,
    visit: current,
    standing,
    strangerAnswer: isAsked ? () => failure(parts, current, browser, answerAtMs) : undefined,
    beforeOpening: async () => {
      // A new password since the row was read: whoever came with the old one is too late. After the mark, so that one of the two tells.
      const now = await parts.accounts.findById(account.id);
      if (now?.active !== true || !hasPassword(parts.keys, now, passwordTag(parts.keys, rehashedAccount))) {
        refuse(parts, about, account, 'changed-meanwhile');
        return failure(parts, current, browser, answerAtMs);
      }
      return doors.guard.passed(rehashedAccount);
    },
  });
  // Whoever is asked for a mailed link must not see by the budget that the password was right.
  if (result.outcome === 'answered') return result;
  await refund(limiters.signIn, attempt.pass);
  if (own.ok) await refund(limiters.signIn, own);
  const needsRecheck = leak.verdict === 'unknown';
  if (needsRecheck !== account.needsBreachRecheck) {
    parts.uniform.later('breach-recheck', () => parts.accounts.setBreachRecheck({ accountId: account.id, needed: needsRecheck }));
  }
  return result;
}

/** A thief who tries a right password all day must not fill its owner's mailbox. */
async function mailReset({ limiters, limitKeys }: FlowParts, { resets }: SignInDoors, account: StoredAccount, because: ResetReason): Promise<void> {
  // What an operator has ordered is asked of the owner: strangers must not use it up for a day.
  const ordered = because === 'compromised' || because === 'incident';
  const decision = ordered ? await limiters.challenge.take({ account: limitKeys.account(resetBudget(account.id)) }) : await limiters.notice.take({ account: limitKeys.account(account.id) });
  if (decision.ok) await resets.mail(account, because);
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
