import type { Browser, Recognition } from '../device/index.ts';
import type { StoredAccount } from '../ports/accounts.ts';
import type { EventSubject } from '../ports/events.ts';
import type { SessionFacts } from '../ports/session.ts';
import type { Reply } from '../ports/reply.ts';
import type { ChallengeTickets } from './challenge-tickets.ts';
import { labelOf, type Visit } from './door.ts';
import { withFields } from './reply-fields.ts';
import type { Answered, FlowParts } from './parts.ts';
import type { PendingSignIns } from './pending-sign-ins.ts';
import { standingOf } from './standing.ts';

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
  readonly proofs: SessionFacts['proofs'];
  readonly pathway: string;
  readonly browser: Browser;
  readonly recognition: Recognition;
  readonly about: EventSubject;
  readonly visit: Visit;
  /** Answers as to a wrong password; absent where a stranger is not to be asked for a mailed link. */
  readonly strangerAnswer?: () => Promise<Answered>;
  /** What must have been written before anything opens or is reported: if it fails, nobody has come in. */
  readonly beforeOpening?: () => Promise<void>;
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
  const { clock, mfa, uniform } = parts;
  const { account, browser, recognition, visit } = arrival;
  const nowMs = clock.nowMs();
  const standing = await standingOf(parts, account, recognition.known);
  const remembered = standing.factors.enrolled && recognition.known && (recognition.secondFactorUntilMs ?? 0) > nowMs;
  const proofs = { ...arrival.proofs, ...(remembered && { 'remembered-browser': nowMs }) };
  const session: SessionFacts = { accountId: account.id, stage: 'full', startedAtMs: nowMs, proofs };
  const verdict = mfa.decide({ policies: standing.policies, factors: standing.factors, session, nowMs });

  if (verdict.verdict === 'challenge') {
    await arrival.beforeOpening?.();
    const { id, setCookie } = parts.devices.identify(browser);
    const pendingCookie = await doors.pendings.begin({ account, signIn: { name: arrival.name, browserId: id, pathway: arrival.pathway, proofs: arrival.proofs } });
    parts.emit({ type: 'sign-in.pending', pathway: arrival.pathway, needs: 'second-factor', ...arrival.about });
    return { outcome: 'second-factor', methods: verdict.methods, setCookies: [...(setCookie === undefined ? [] : [setCookie]), pendingCookie], reply: withFields(uniform.reply('mfa-required', visit.facts.accepts), { methods: verdict.methods }) };
  }
  // Before the overdue enrollment, which needs the mailbox too: a session for it would tell that the password was right.
  if (!standing.factors.enrolled && arrival.strangerAnswer !== undefined && (await asksStranger(parts, arrival))) return sendLink(parts, doors, arrival, arrival.strangerAnswer);
  await arrival.beforeOpening?.();
  if (verdict.verdict === 'enroll' && verdict.overdue) return enter(parts, { arrival, session: { ...session, stage: 'enroll' }, enrollUntilMs: verdict.graceUntilMs });
  return enter(parts, { arrival, session, ...(verdict.verdict === 'enroll' && { enrollUntilMs: verdict.graceUntilMs }) });
}

/** Whether a browser that the account does not know must first open a mailed link. */
async function asksStranger({ challenge: { strangers } }: FlowParts, { account, recognition, visit }: Arrival): Promise<boolean> {
  if (recognition.known || strangers === 'none') return false;
  return strangers === 'mail' || (await strangers({ accountId: account.id, facts: visit.facts }));
}

/** Mails the link after an answer that is the one to a wrong password: only the owner of the mailbox learns that it was right. */
async function sendLink(parts: FlowParts, { tickets }: Doors, arrival: Arrival, answer: () => Promise<Answered>): Promise<Answered> {
  const { devices, emit } = parts;
  const { account, browser, name, pathway, proofs, about, visit } = arrival;
  const { id, setCookie } = devices.identify(browser);
  emit({ type: 'sign-in.pending', pathway, needs: 'mailed-link', ...about });
  visit.span.later('challenge-mail', async () => {
    await tickets.mail({ account, browserId: id, purpose: 'sign-in', signIn: { name, pathway, proofs } });
  });
  return { ...(await answer()), setCookies: setCookie === undefined ? [] : [setCookie] };
}

interface Entry {
  readonly arrival: Pick<Arrival, 'account' | 'name' | 'browser' | 'recognition' | 'pathway' | 'about' | 'visit'>;
  readonly session: SessionFacts;
  readonly enrollUntilMs?: number;
  /** "Remember this browser": no second factor for a while. */
  readonly rememberFactor?: boolean;
  readonly moreCookies?: readonly string[];
}

/** The last step of every way in. A browser becomes known by a sign-in that passed everything, and not by one that may only enroll. */
export async function enter(parts: FlowParts, { arrival, session, enrollUntilMs, rememberFactor = false, moreCookies = [] }: Entry): Promise<SignedIn> {
  const { devices, emit } = parts;
  const { account, name, browser, recognition, pathway, about } = arrival;
  const cookie = session.stage === 'full' ? await known() : devices.identify(browser).setCookie;
  emit({ type: 'sign-in.succeeded', pathway, proofs: Object.keys(session.proofs), stage: session.stage, knownDevice: recognition.known, ...about, accountId: account.id });
  return { outcome: 'signed-in', accountId: account.id, session, setCookies: [...(cookie === undefined ? [] : [cookie]), ...moreCookies], ...(enrollUntilMs !== undefined && { enrollUntilMs }) };

  async function known(): Promise<string> {
    const { setCookie } = await devices.remember({ browser, accountId: account.id, name, ...(rememberFactor && { secondFactor: true }), ...labelOf(arrival.visit.facts) });
    if (!recognition.known) emit({ type: 'device.remembered', secondFactor: rememberFactor, ...about, accountId: account.id });
    return setCookie;
  }
}
