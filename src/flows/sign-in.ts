import { readIdentifier } from '../kernel/identifier.ts';
import type { HashVerdict } from '../hasher/index.ts';
import type { LimiterDecision, LimiterPass } from '../limiter/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { EventSubject } from '../ports/events.ts';
import { charge, chargeAccount, orRefund, readPassword, refund, subjectOf, visit, type Visit } from './door.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { ResetTickets } from './reset-tickets.ts';

/** What came from the form, as it came. */
export interface SignInInput {
  readonly identifier: unknown;
  readonly password: unknown;
  readonly facts: RequestFacts;
}

/** Signed in: make a new session for this account. Or the answer to give. */
export type SignInResult = { readonly outcome: 'signed-in'; readonly accountId: string } | Answered;

export interface SignIn {
  /** Decides one attempt. Never rejects. */
  attempt(input: SignInInput): Promise<SignInResult>;
}

/** How long the breach lookup may take at sign-in, ms. */
const breachBudgetMs = 300;
/** A timer that is late must not tell a lookup from none. */
const slackMs = 50;

interface Attempt {
  readonly name: string;
  readonly password: string;
  readonly about: EventSubject;
  readonly pass: LimiterPass;
  readonly visit: Visit;
}

/**
 * Makes the sign-in: charge, find, verify, settle, look up. Nobody walks on: an unknown name has a decoy to verify against.
 * A right password that has leaked opens nothing; the owner is mailed a link, and the answer is that to a wrong one, down
 * to its time. Source: NIST SP 800-63B-4 section 3.1.1.2 and 3.2.2, OWASP ASVS 5.0 6.2.12, 6.3.1, 6.3.8.
 */
export function createSignIn(parts: FlowParts, tickets: ResetTickets): SignIn {
  const { canonicalize, keys, emit } = parts;

  async function decide(attempt: Attempt): Promise<SignInResult> {
    const { about, visit: current } = attempt;
    const { account, verdict, own } = await orRefund({ limiter: parts.limiters.signIn, pass: attempt.pass }, () => look(parts, attempt));
    if (account === undefined || !verdict.ok || !account.active) {
      const reason = account === undefined ? 'unknown-account' : verdict.ok ? 'inactive-account' : 'wrong-password';
      emit({ type: 'sign-in.failed', reason, ...about, ...(account !== undefined && { accountId: account.id }) });
      return current.answer('sign-in-failed', failureAtMs(parts));
    }
    return settle(parts, { tickets, attempt, account, own, rehash: verdict.rehash });
  }

  return Object.freeze({
    attempt: ({ identifier, password, facts }: SignInInput) =>
      visit<SignInResult>(parts, { flow: 'sign-in', facts }, async (current) => {
        const name = readIdentifier(identifier, canonicalize);
        const text = readPassword(password);
        const charged = await charge(parts, parts.limiters.signIn, current, { name });
        if (!charged.ok) return charged.answered;
        if (name === undefined || text === undefined) {
          emit({ type: 'request.malformed', flow: 'sign-in', ...subjectOf(facts) });
          return current.answer('sign-in-failed', failureAtMs(parts));
        }
        const about = subjectOf(facts, { nameTag: keys.digest('identifier', name) });
        return decide({ name, password: text, about, pass: charged.pass, visit: current });
      }),
  });
}

/** Finds the account and verifies the password. Of an account that was guessed at too often, no password is compared. */
async function look(parts: FlowParts, { name, password, about, pass }: Attempt): Promise<{ readonly account: StoredAccount | undefined; readonly own: LimiterDecision; readonly verdict: HashVerdict }> {
  const { accounts, hasher, limiters } = parts;
  const account = await accounts.findByIdentifier(name);
  // What was let through in spite of its name's limit, in observe mode, has been reported once.
  const own = await chargeAccount(parts, limiters.signIn, { accountId: pass.charged ? account?.id : undefined, about });
  const verdict = await orRefund({ limiter: limiters.signIn, pass: own }, () => hasher.verify({ password, stored: own.ok ? account?.passwordHash : undefined, name }));
  return { account, own, verdict };
}

/** When a failure may be answered: late enough to have looked the password up, whether or not there was reason to. */
function failureAtMs({ clock }: FlowParts): number {
  return clock.monotonicMs() + breachBudgetMs + slackMs;
}

interface RightPassword {
  readonly tickets: ResetTickets;
  readonly attempt: Attempt;
  readonly account: StoredAccount;
  /** What was charged to the account itself. */
  readonly own: LimiterDecision;
  readonly rehash: boolean;
}

/** The password was right. Does it open the account? */
async function settle(parts: FlowParts, right: RightPassword): Promise<SignInResult> {
  const { breach, limiters, emit } = parts;
  const { attempt, account, own, rehash } = right;
  const { password, visit: current } = attempt;
  const about = { ...attempt.about, accountId: account.id };
  const answerAtMs = failureAtMs(parts);
  const leak = await breach.check({ password, budgetMs: breachBudgetMs });
  if (leak.verdict === 'breached') {
    emit({ type: 'breach.found', flow: 'sign-in', count: leak.count, ...about });
    emit({ type: 'sign-in.failed', reason: 'breached-password', ...about });
    current.span.later('breach-mail', () => mailLeak(parts, right));
    // The charge stays: a budget that grew back would tell that the password was right.
    return current.answer('sign-in-failed', answerAtMs);
  }
  await refund(limiters.signIn, attempt.pass);
  if (own.ok) await refund(limiters.signIn, own);
  if (leak.verdict === 'unknown') emit({ type: 'breach.unknown', flow: 'sign-in', reason: leak.reason, ...about });
  emit({ type: 'sign-in.succeeded', pathway: 'password', proofs: ['password'], stage: 'full', knownDevice: false, ...about });
  afterwards(parts, { account, password, rehash, needsRecheck: leak.verdict === 'unknown' });
  return { outcome: 'signed-in', accountId: account.id };
}

/** A thief who tries a leaked password all day must not fill its owner's mailbox. */
async function mailLeak({ limiters, limitKeys }: FlowParts, { tickets, account }: RightPassword): Promise<void> {
  const decision = await limiters.notice.take({ account: limitKeys.account(account.id) });
  if (decision.ok) await tickets.mail(account, 'breached-password');
}

interface Afterwards {
  readonly account: StoredAccount;
  readonly password: string;
  readonly rehash: boolean;
  readonly needsRecheck: boolean;
}

/** What a sign-in leaves to do, once its answer is out: only a right password ever writes. */
function afterwards(parts: FlowParts, { account, password, rehash, needsRecheck }: Afterwards): void {
  const { uniform, accounts } = parts;
  if (needsRecheck !== account.needsBreachRecheck) {
    uniform.later('breach-recheck', () => accounts.setBreachRecheck({ accountId: account.id, needed: needsRecheck }));
  }
  if (rehash) uniform.later('rehash', () => replaceHash(parts, account, password));
}

async function replaceHash({ hasher, accounts }: FlowParts, { id, passwordHash }: StoredAccount, password: string): Promise<void> {
  const fresh = await hasher.hash(password);
  await accounts.replacePasswordHash({ accountId: id, previousHash: passwordHash, passwordHash: fresh });
}
