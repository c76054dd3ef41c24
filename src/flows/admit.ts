import { cookieLines } from '../kernel/cookies.ts';
import { withDeadline } from '../kernel/deadline.ts';
import { StoreError } from '../kernel/errors.ts';
import type { Browser, Recognition } from '../device/index.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EventSubject } from '../ports/events.ts';
import type { EpochMark, SessionFacts } from '../ports/session.ts';
import type { Reply } from '../ports/reply.ts';
import type { ChallengeTickets } from './challenge-tickets.ts';
import { labelOf, type Visit } from './door.ts';
import { withoutPassword } from './held-receipt.ts';
import { withFields } from './reply-fields.ts';
import { tellUnusual, type Unusual } from './notices.ts';
import { isProven } from './owner-proof.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PendingSignIns } from './pending-sign-ins.ts';
import { standingOf, type Standing } from './standing.ts';

/** Signed in: make a new session, keep `session` in it, and send the cookies. */
export interface SignedIn {
  readonly outcome: 'signed-in';
  readonly accountId: string;
  readonly session: SessionFacts;
  readonly setCookies: readonly string[];
  /** A second factor will be due from then on, wall-clock ms. In the past: the session is for enrolling one and no more. */
  readonly enrollUntilMs?: number;
}

/** The first proof was right and opens nothing: send the cookies and ask for the second factor. `reply` is the answer for programs. */
export interface SecondFactorNeeded {
  readonly outcome: 'second-factor';
  /** `totp`, `recovery-code`, the app's own. Empty: nothing is left but an administrator. */
  readonly methods: readonly string[];
  readonly setCookies: readonly string[];
  readonly reply: Reply;
}

export type SignInResult = SignedIn | SecondFactorNeeded | Answered;

/** Somebody who has given a first proof. */
export interface Arrival {
  readonly account: StoredAccount;
  /** Canonical: by what the account was called. */
  readonly name: string;
  /** From before the proof was looked at. */
  readonly epochs: EpochMark;
  readonly proofs: SessionFacts['proofs'];
  /** The password must be changed before anything else: it has leaked. */
  readonly mustChange?: boolean | undefined;
  /** The same by an order, as it was read after the password was looked at. A second step asks for it anew. */
  readonly ordered: boolean;
  readonly pathway: string;
  readonly browser: Browser;
  readonly recognition: Recognition;
  readonly about: EventSubject;
  readonly visit: Visit;
  /** What the login guard is to be told; absent where it was not asked. `held`: it knows already that more was asked for. */
  readonly evidence?: { readonly receipt: GuardReceipt; readonly held: boolean } | undefined;
  /** Where it has been read already. */
  readonly standing?: Standing;
  /** Answers as to a wrong password; absent where no mailed link is to be asked for. */
  readonly strangerAnswer?: (() => Promise<Answered>) | undefined;
  /** What must have been written before anything opens or is reported: if it fails, nobody has come in. Answers how many wrong passwords in a row there were, or the refusal of what no longer opens anything. */
  readonly beforeOpening?: () => Promise<number | Answered>;
}

interface Doors {
  readonly pendings: PendingSignIns;
  readonly tickets: ChallengeTickets;
}

/**
 * What every way in comes to after its first proof: let in, asked for the second factor, let in for enrolling one alone, or
 * sent to the mailbox. One place, so that no way in is weaker than another (OWASP ASVS 5.0 6.3.4).
 */
export async function admit(parts: FlowParts, doors: Doors, arrival: Arrival): Promise<SignInResult> {
  const { clock, mfa } = parts;
  const { account, recognition } = arrival;
  const nowMs = clock.nowMs();
  const standing = arrival.standing ?? (await standingOf(parts, account, recognition.known));
  const remembered = standing.factors.enrolled && recognition.known && (recognition.secondFactorUntilMs ?? 0) > nowMs;
  const proofs = { ...arrival.proofs, ...(remembered && { 'remembered-browser': nowMs }) };
  const session: SessionFacts = { accountId: account.id, stage: 'full', startedAtMs: nowMs, epochs: arrival.epochs, proofs };
  const verdict = mfa.decide({ policies: standing.policies, factors: standing.factors, session, nowMs });

  if (verdict.verdict === 'challenge') return askForFactor(parts, doors, arrival, verdict.methods);
  // Before the overdue enrollment, which needs the mailbox too: a session for it would tell that the password was right.
  if (!standing.factors.enrolled && arrival.strangerAnswer !== undefined) return sendLink(parts, doors, arrival, arrival.strangerAnswer);
  const failuresBefore = await arrival.beforeOpening?.();
  if (typeof failuresBefore === 'object') return failuresBefore;
  const arrived = { ...arrival, failuresBefore };
  if (verdict.verdict === 'enroll' && verdict.overdue) return enter(parts, { arrival: arrived, session: { ...session, stage: 'enroll' }, enrollUntilMs: verdict.graceUntilMs });
  return enter(parts, { arrival: arrived, session, ...(verdict.verdict === 'enroll' && { enrollUntilMs: verdict.graceUntilMs }) });
}

/** Keeps what was proved for the second step, which opens nothing. */
async function askForFactor(parts: FlowParts, { pendings }: Doors, arrival: Arrival, methods: readonly string[]): Promise<SecondFactorNeeded | Answered> {
  const { account, name, browser, epochs, pathway, proofs, mustChange, about, visit } = arrival;
  const refused = await arrival.beforeOpening?.();
  if (typeof refused === 'object') return refused;
  const receipt = heldReceipt(arrival);
  const { id, setCookie } = parts.devices.identify(browser);
  const pendingCookie = await pendings.begin({ account, signIn: { name, browserId: id, epochs, pathway, proofs, receipt, ...(mustChange === true && { mustChange }) } });
  // Once nothing can fail any more: an outage is no evidence.
  tellAsked(parts, arrival);
  parts.emit({ type: 'sign-in.pending', pathway, needs: 'second-factor', ...about });
  return { outcome: 'second-factor', methods, setCookies: cookieLines(setCookie, pendingCookie), reply: withFields(parts.uniform.reply('mfa-required', visit.facts.accepts), { methods }) };
}

/**
 * Whether a browser that the account does not know must first open a mailed link. The app's own rule that fails or is late has
 * said yes: it is asked after a right password alone, and its time must not tell so.
 */
export async function asksStranger({ challenge: { strangers }, clock, reportError }: FlowParts, { account, recognition, facts, deadlineMs }: Pick<Arrival, 'account' | 'recognition'> & { readonly facts: Visit['facts']; readonly deadlineMs: number }): Promise<boolean> {
  if (recognition.known || strangers === 'none' || strangers === 'suspicious') return false;
  if (strangers === 'mail') return true;
  try {
    const asked = (async () => strangers({ accountId: account.id, facts }))();
    return (await withDeadline<unknown>(asked, { clock, deadlineMs, onLate: () => new StoreError(`challenge.strangers: no answer within ${deadlineMs} ms`) })) !== false;
  } catch (error) {
    reportError(error);
    return true;
  }
}

/** Mails the link after an answer that is the one to a wrong password: only the owner of the mailbox learns that it was right. */
async function sendLink(parts: FlowParts, { tickets }: Doors, arrival: Arrival, answer: () => Promise<Answered>): Promise<Answered> {
  const { devices, emit } = parts;
  const { account, browser, name, epochs, pathway, proofs, about, visit } = arrival;
  const receipt = heldReceipt(arrival);
  tellAsked(parts, arrival);
  const { id, setCookie } = devices.identify(browser);
  emit({ type: 'sign-in.pending', pathway, needs: 'mailed-link', ...about });
  visit.span.later('challenge-mail', () => tickets.mail({ account, browserId: id, purpose: 'sign-in', epochs, signIn: { name, pathway, proofs, receipt } }));
  return { ...(await answer()), setCookies: cookieLines(setCookie) };
}

function heldReceipt({ evidence }: Arrival): GuardReceipt | undefined {
  return evidence && withoutPassword(evidence.receipt);
}

/** Tells the login guard, once, that a right password was not enough. */
function tellAsked({ loginGuard }: FlowParts, { evidence }: Arrival): void {
  if (evidence?.held === false) void loginGuard.settle(evidence.receipt, 'held');
}

interface Entry {
  readonly arrival: Pick<Arrival, 'account' | 'name' | 'browser' | 'recognition' | 'pathway' | 'mustChange' | 'ordered' | 'about' | 'visit' | 'evidence'> & { readonly failuresBefore?: number | undefined };
  readonly session: SessionFacts;
  readonly enrollUntilMs?: number;
  /** "Remember this browser": no second factor for a while. */
  readonly rememberFactor?: boolean;
  readonly moreCookies?: readonly string[];
}

/** The last step of every way in. A browser becomes known by a sign-in that passed everything, and not by one that may only enroll. */
export async function enter(parts: FlowParts, { arrival, session: given, enrollUntilMs, rememberFactor = false, moreCookies = [] }: Entry): Promise<SignedIn> {
  const { devices, loginGuard, emit } = parts;
  const { account, name, browser, recognition, pathway, mustChange, ordered, about, evidence } = arrival;
  const session: SessionFacts = mustChange === true || ordered ? { ...given, stage: 'change-password' } : given;
  const { cookie, again } = session.stage === 'full' ? await known() : { cookie: devices.identify(browser).setCookie, again: true };
  emit({ type: 'sign-in.succeeded', pathway, proofs: Object.keys(session.proofs), stage: session.stage, knownDevice: recognition.known, ...about, accountId: account.id });
  if (evidence !== undefined) void loginGuard.settle(evidence.receipt, 'entered');
  else if (recognition.known) void loginGuard.known({ address: arrival.visit.facts.address, again });
  return { outcome: 'signed-in', accountId: account.id, session, setCookies: cookieLines(cookie, ...moreCookies), ...(enrollUntilMs !== undefined && { enrollUntilMs }) };

  async function known(): Promise<{ readonly cookie: string; readonly again: boolean }> {
    const { facts, startedAtMs } = arrival.visit;
    const { setCookie, deviceId, others, previousUseMs } = await devices.remember({ browser, accountId: account.id, name, notBeforeMs: await parts.epochs.newest(account.organizationIds), epochs: session.epochs, secondFactor: rememberFactor, proven: isProven(parts, session), asOfMs: startedAtMs, address: facts.address, ...labelOf(facts) });
    // Whoever ended it meanwhile, or before the store went away, meant this sign-in too: what was spared because of it must be asked for.
    if (recognition.known && deviceId !== recognition.deviceId) throw new StoreError('devices: what was known of this browser is known no more');
    if (!recognition.known && deviceId !== undefined) emit({ type: 'device.remembered', secondFactor: rememberFactor, ...about, accountId: account.id });
    const because = unusual({ arrival, isNew: !recognition.known && deviceId !== undefined && others, mailed: 'mailed-link' in session.proofs, unusedForMs: session.startedAtMs - (previousUseMs ?? session.startedAtMs) });
    if (because !== undefined) {
      emit({ type: 'sign-in.unusual', because, ...about, accountId: account.id });
      tellUnusual(parts, { account, span: parts.uniform, because, browser: facts.userAgent });
    }
    return { cookie: setCookie, again: isAgain(previousUseMs, session.startedAtMs) };
  }
}

/** Each account is counted four times a day at most as somebody who is at home here: whoever has one must not make an attack look usual. */
const countedEveryMs = 6 * 3_600_000;

function isAgain(previousUseMs: number | undefined, nowMs: number): boolean {
  return previousUseMs !== undefined && Math.floor(previousUseMs / countedEveryMs) === Math.floor(nowMs / countedEveryMs);
}

/** So many wrong passwords in a row before a right one are told to the owner. */
const manyFailures = 5;
/** An account that nobody has used for so long, ms: 90 days. */
const longUnusedMs = 90 * 86_400_000;

/** Whether the owner should hear of a sign-in. A browser that opened a mailed link has been heard of. */
function unusual({ arrival, isNew, mailed, unusedForMs }: { readonly arrival: Entry['arrival']; readonly isNew: boolean; readonly mailed: boolean; readonly unusedForMs: number }): Unusual | undefined {
  if (isNew && !mailed) return 'new-browser';
  if ((arrival.failuresBefore ?? 0) >= manyFailures) return 'after-failures';
  return unusedForMs >= longUnusedMs ? 'after-a-long-time' : undefined;
}
