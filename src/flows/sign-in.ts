import { readIdentifier } from '../kernel/identifier.ts';
import type { Recognition } from '../device/index.ts';
import type { GuardPass } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { RequestFacts } from '../ports/attempt.ts';
import type { SignInResult } from './admit.ts';
import { charge, chargeAccount, orRefund, readPassword, subjectOf, visit } from './door.ts';
import { markFor, recognize } from './epochs.ts';
import { asIfWrong, failure, failureAtMs, mailReset, refuse, tellGuard } from './failed-sign-in.ts';
import { passesOwnChallenge } from './own-challenge.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PasswordLook, PasswordTrouble } from './password-guard.ts';
import { openWith } from './right-password.ts';
import type { Attempt, Look, SignInDoors } from './sign-in-attempt.ts';

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
  const { browser, visit: current } = attempt;
  const looked = await orRefund({ limiter: parts.limiters.signIn, pass: attempt.pass }, () => look(parts, doors, attempt));
  if ('outcome' in looked) return looked;
  const { account, verdict, evidence, known: { trouble } } = looked;
  // One moment for all that may fail, before anything that only some of them do.
  const answerAtMs = failureAtMs(parts);
  if (account === undefined || !verdict.ok || !account.active) {
    await count(doors, attempt, looked);
    tellGuard(parts, evidence, verdict.ok || evidence?.refused === true ? 'held' : 'failed');
    refuse(parts, { about: attempt.about, account, seen: looked, reason: whyWrong(looked) });
    return failure(parts, current, browser, answerAtMs);
  }
  if (trouble === undefined) return orGiveBack(parts, evidence, () => openWith(parts, doors, { attempt, account, looked, answerAtMs }));
  await asIfWrong(doors, attempt.name);
  tellGuard(parts, evidence, 'held');
  refuse(parts, { about: attempt.about, account, seen: looked, reason: whyClosed(trouble) });
  current.span.later('closed-door-mail', () => mailReset(parts, doors, account, { because: trouble === 'breached' ? 'breached-password' : trouble, receipt: evidence?.receipt }));
  return failure(parts, current, browser, answerAtMs);
}

/** Counts a wrong password. One that was not looked at may have been right, and counts against nobody. */
function count(doors: SignInDoors, { name }: Attempt, { account, verdict, recognition, evidence }: Look): Promise<void> {
  if (verdict.ok || evidence?.refused === true) return asIfWrong(doors, name);
  return doors.guard.failed({ account, name, known: recognition.known });
}

function whyWrong({ account, verdict, evidence }: Look): 'unknown-account' | 'inactive-account' | 'refused-network' | 'wrong-password' {
  if (account === undefined) return 'unknown-account';
  if (verdict.ok) return 'inactive-account';
  return evidence?.refused === true ? 'refused-network' : 'wrong-password';
}

function whyClosed(trouble: PasswordTrouble): 'disowned-password' | 'too-many-failures' | 'forced-reset' {
  if (trouble === 'disowned') return 'disowned-password';
  return trouble === 'too-many-failures' ? trouble : 'forced-reset';
}

/** Finds the account and verifies the password. */
async function look(parts: FlowParts, doors: SignInDoors, attempt: Attempt): Promise<Look | Answered> {
  const { accounts, limiters: { signIn } } = parts;
  const { name, browser, budget, about, pass, visit: current } = attempt;
  const account = await accounts.findByIdentifier(name);
  // Of an organization's members as many reads one after the other as of nobody.
  const [epochs, seen] = await Promise.all([markFor(parts, account, name), recognize(parts, browser, account)]);
  const recognition = budget === 'spent' ? stranger : seen;
  const { known } = recognition;
  // The cookie is from before a reset, say: this is a stranger, who has the budgets of strangers.
  const charged = budget === 'device' && !known ? await charge(parts, signIn, current, { name }) : { ok: true as const, pass };
  if (!charged.ok) return charged.answered;
  return orRefund({ limiter: signIn, pass: charged.pass }, async () => {
    // What was let through in spite of its name's limit, in observe mode, has been reported once.
    const own = await chargeAccount(parts, signIn, { accountId: charged.pass.charged && !known ? account?.id : undefined, about });
    const compared = await orRefund({ limiter: signIn, pass: own }, () => compare(parts, doors, { attempt, account, isKnown: known, isOpen: own.ok }));
    return { account, recognition, epochs, charges: [charged.pass, own], ...compared };
  });
}

interface Comparison {
  readonly attempt: Attempt;
  readonly account: StoredAccount | undefined;
  readonly isKnown: boolean;
  /** Not where the account was guessed at too often: then no password is compared. */
  readonly isOpen: boolean;
}

async function compare(parts: FlowParts, { guard }: SignInDoors, { attempt, account, isKnown, isOpen }: Comparison): Promise<Pick<Look, 'evidence' | 'verdict' | 'known'>> {
  const { name, password } = attempt;
  const evidence = isKnown ? undefined : await reserve(parts, attempt, account);
  const stored = isOpen && evidence?.refused !== true ? account?.passwordHash : undefined;
  const verdict = await orGiveBack(parts, evidence, () => parts.hasher.verify({ password, stored, name }));
  // After the password: of a thousand guesses at once, those that were found wrong meanwhile count.
  const look = (): Promise<PasswordLook> => guard.look({ account, name, known: isKnown });
  const known = await (verdict.ok ? orGiveBack(parts, evidence, look) : look());
  return { evidence, verdict, known };
}

function reserve({ loginGuard }: FlowParts, { name, password, about, visit: { facts } }: Attempt, account: StoredAccount | undefined): Promise<GuardPass> {
  const exists = account !== undefined;
  return loginGuard.reserve({ address: facts.address, account: exists ? account.id : name, exists, password, about: { ...about, ...(exists && { accountId: account.id }) } });
}

/** An attempt that nothing came of, by an overload or an outage, was no attempt: or a network would be shut by its owners' tries while a store was away. */
async function orGiveBack<T>({ loginGuard }: FlowParts, evidence: GuardPass | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (evidence !== undefined) void loginGuard.settle(evidence.receipt, 'refunded');
    throw error;
  }
}
