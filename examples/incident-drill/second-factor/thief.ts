import { readsContacts, tryPair, type HalfSession, type Stage, type StolenSession } from '../attack/stuffing.ts';
import { isRefusal } from '../attack/botnet.ts';
import { passPhrase } from '../people.ts';
import type { LeakedPair } from '../plan.ts';
import type { SeededRandom } from '../random.ts';
import { jsonOf, type Browser, type Exchange, type WireRequest } from '../wire.ts';
import { createAuthenticator } from './authenticator.ts';
import { behindTheDoor, factorChanges, isDone, nameOf, routes } from './routes.ts';

/** What somebody with the right password and no second factor got from one account. */
export interface Theft {
  readonly email: string;
  /** `ended`: a session that was a whole one until everybody's sessions were ended. */
  readonly stage: Stage | 'ended';
  /** What did what it was asked to, and must not have. */
  readonly opened: string[];
  /** Sessions that read the contacts in the end. */
  readonly sessions: StolenSession[];
  /** Codes of both kinds that were sent, and those of them that the app looked at. */
  codesSent: number;
  codesHeard: number;
  enrolled: boolean;
  factorChanged: boolean;
  credentialsChanged: boolean;
}

/** What a thief works with. */
export interface ThiefTools {
  readonly pair: Pick<LeakedPair, 'email' | 'password'>;
  /** Sends from ever other addresses. */
  readonly send: (request: WireRequest) => Promise<Exchange>;
  readonly random: SeededRandom;
  /** Lets the owner sign in and looks over the shoulder: the code that was used. Undefined for an account without one. */
  readonly watchOwner: (() => Promise<string>) | undefined;
}

/** Wrong codes of an authenticator, and wrong recovery codes, for each sign-in that was begun. */
const guessesAtOnce = 6;
const recoveryGuesses = 3;
/** Sign-ins begun anew to go on guessing; each of them may hear five codes. */
const signIns = 4;
/** One more than the mails that an account is sent in an hour. */
const enrollments = 6;
const forgedLinks = 3;
const forgedResets = 4;

/** Tries everything on one account, beginning with the session that the password gave. */
export async function robAccount(half: HalfSession, tools: ThiefTools): Promise<Theft> {
  const theft = nothingYet(half.email, half.stage);
  await reachAround(half.browser, theft);
  await enrollOwn(half.browser, theft, tools);
  await changeFactors(half.browser, theft, tools);
  await changeCredentials(half.browser, theft, tools);
  await replayCodes(theft, tools);
  await burnCodes(theft, tools);
  await resetPassword(theft, tools);
  // What was not open before may be by now.
  await reachAround(half.browser, theft);
  if (readsContacts(await half.browser.send({ path: '/contacts' }))) theft.sessions.push({ email: half.email, browser: half.browser });
  return theft;
}

/** The same with a session that was ended, as far as no sign-in is needed. */
export async function robEnded({ email, browser }: StolenSession, tools: ThiefTools): Promise<Theft> {
  const theft = nothingYet(email, 'ended');
  await Promise.all([reachAround(browser, theft), enrollOwn(browser, theft, tools), changeFactors(browser, theft, tools), changeCredentials(browser, theft, tools), resetPassword(theft, tools)]);
  return theft;
}

function nothingYet(email: string, stage: Theft['stage']): Theft {
  return { email, stage, opened: [], sessions: [], codesSent: 0, codesHeard: 0, enrolled: false, factorChanged: false, credentialsChanged: false };
}

/** Every page, the export, and what writes. */
async function reachAround(browser: Browser, theft: Theft): Promise<void> {
  await Promise.all(behindTheDoor.map(async (request) => {
    if (isDone(await browser.send(request))) theft.opened.push(nameOf(request));
  }));
}

/** An authenticator of the thief's own. A link is mailed, and the mailbox is the owner's: links are forged. */
async function enrollOwn(browser: Browser, theft: Theft, { pair, random }: ThiefTools): Promise<void> {
  await browser.send({ path: routes.stepUp, form: { password: pair.password } });
  const guess = async (): Promise<void> => {
    if (isDone(await browser.send({ path: routes.challenge, form: { token: tokenOf(random) } }))) theft.opened.push('a forged link');
    if (isDone(await browser.send({ path: routes.confirm, form: { factorId: tokenOf(random, 12), code: codeOf(random) } }))) theft.enrolled = true;
  };
  for (let tried = 0; tried < enrollments && !theft.enrolled; tried += 1) {
    const [answer] = await Promise.all([browser.send({ path: routes.enroll, form: { factorName: 'my phone' } }), ...(tried < forgedLinks ? [guess()] : [])]);
    const { secret, factorId } = jsonOf(answer);
    if (typeof secret !== 'string' || typeof factorId !== 'string') continue;
    theft.opened.push(nameOf({ path: routes.enroll, form: {} }));
    const code = await createAuthenticator(secret).next();
    if (isDone(await browser.send({ path: routes.confirm, form: { factorId, code } }))) theft.enrolled = true;
  }
}

async function changeFactors(browser: Browser, theft: Theft, { random }: ThiefTools): Promise<void> {
  for (const request of factorChanges(tokenOf(random, 12))) {
    if (!isDone(await browser.send(request))) continue;
    theft.factorChanged = true;
    theft.opened.push(nameOf(request));
  }
}

/** The thief knows the current password; the new address would be the thief's own. */
async function changeCredentials(browser: Browser, theft: Theft, { pair, random }: ThiefTools): Promise<void> {
  const changes: readonly WireRequest[] = [
    { path: '/account/password', form: { currentPassword: pair.password, newPassword: passPhrase(random) } },
    { path: '/account/email', form: { newEmail: `x${random.integer(1e6)}@parcel.example` } },
  ];
  for (const request of changes) {
    if (!isDone(await browser.send(request))) continue;
    theft.credentialsChanged = true;
    theft.opened.push(nameOf(request));
  }
}

/** A code that the owner has just used, as it was and as a person might type it. */
async function replayCodes(theft: Theft, { pair, send, watchOwner }: ThiefTools): Promise<void> {
  if (watchOwner === undefined) return;
  const begun = await tryPair(pair, send);
  if (begun.kind !== 'stopped') return;
  const code = await watchOwner();
  for (const seen of [code, `${code.slice(0, 3)} ${code.slice(3)}`]) await giveCode(begun.half.browser, theft, seen);
}

/** Guesses until the app hears no more: at once, one after the other, and in sign-ins begun anew. */
async function burnCodes(theft: Theft, { pair, send, random }: ThiefTools): Promise<void> {
  for (let begun = 0; begun < signIns; begun += 1) {
    const outcome = await tryPair(pair, send);
    if (outcome.kind === 'entered') theft.sessions.push(outcome.session);
    if (outcome.kind !== 'stopped') return;
    const { browser } = outcome.half;
    const heardBefore = theft.codesHeard;
    await Promise.all(Array.from({ length: guessesAtOnce }, () => giveCode(browser, theft, codeOf(random))));
    for (let guess = 0; guess < recoveryGuesses; guess += 1) await giveCode(browser, theft, recoveryCodeOf(random));
    // Where nothing waits for a code, no other sign-in will.
    if (theft.codesHeard === heardBefore || theft.stage === 'enroll-only') return;
  }
}

async function giveCode(browser: Browser, theft: Theft, code: string): Promise<void> {
  theft.codesSent += 1;
  const answer = await browser.send({ path: routes.code, form: { code } });
  if (!isRefusal(answer)) theft.codesHeard += 1;
  if (!isDone(answer)) return;
  theft.opened.push(nameOf({ path: routes.code, form: {} }));
  if (readsContacts(await browser.send({ path: '/contacts' }))) theft.sessions.push({ email: theft.email, browser });
}

/** Asks for the mail, which goes to the owner, and makes up what stands in it. */
async function resetPassword(theft: Theft, { pair, send, random }: ThiefTools): Promise<void> {
  await send({ path: '/forgot', form: { email: pair.email } });
  const redeem = async (proof: Readonly<Record<string, string>>): Promise<void> => {
    const form = { ...proof, password: passPhrase(random), secondFactor: codeOf(random) };
    if (!isDone(await send({ path: '/reset', form }))) return;
    theft.credentialsChanged = true;
    theft.opened.push('POST /reset');
  };
  const proofs = Array.from({ length: forgedResets }, () => [{ token: `${tokenOf(random)}.${tokenOf(random)}` }, { email: pair.email, code: groupsOf(random, [4, 4]) }]).flat();
  await Promise.all(proofs.map(redeem));
}

function codeOf(random: SeededRandom): string {
  return String(random.integer(1e6)).padStart(6, '0');
}

/** In the form of a real one. */
function recoveryCodeOf(random: SeededRandom): string {
  return groupsOf(random, [5, 5, 5, 5, 6]);
}

function groupsOf(random: SeededRandom, lengths: readonly number[]): string {
  return lengths.map((length) => charsOf(random, '0123456789ABCDEFGHJKMNPQRSTVWXYZ', length)).join('-');
}

function tokenOf(random: SeededRandom, length = 43): string {
  return charsOf(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', length);
}

function charsOf(random: SeededRandom, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join('');
}
