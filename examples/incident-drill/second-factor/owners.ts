import { setTimeout as sleep } from 'node:timers/promises';
import { readsContacts } from '../attack/stuffing.ts';
import { inParallel } from '../parallel.ts';
import { tokenFor } from '../mailbox.ts';
import type { OrdinaryUser, Owner, Plan } from '../plan.ts';
import { createBrowser, jsonOf, type Browser, type Exchange, type Network } from '../wire.ts';
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import { isDone, routes } from './routes.ts';

/** Somebody at their own browser. */
export interface PersonAtHome {
  readonly owner: OrdinaryUser;
  readonly browser: Browser;
  /** Ends a wait for the next code. */
  readonly signal: AbortSignal;
  /** Undefined for one who has none yet. */
  authenticator: Authenticator | undefined;
  /** On paper. */
  recoveryCodes: readonly string[];
}

/** An owner whose browser the account knows. */
export interface OwnerAtHome extends PersonAtHome {
  readonly owner: Owner;
}

const concurrency = 4;

/**
 * Before the attack: the owners have signed in, some have set up an authenticator, and the administrator of each team has made
 * a second factor mandatory, with no time left to go without. All over HTTP. Throws where the app does not let them.
 */
export async function prepareOwners({ owners, administrators }: Plan, network: Network, signal: AbortSignal): Promise<readonly OwnerAtHome[]> {
  const homes = owners.map((owner): OwnerAtHome => ({ owner, browser: createBrowser((request) => network.send(owner.source, request)), signal, authenticator: undefined, recoveryCodes: [] }));
  await inParallel(homes.map((home) => async () => {
    expectDone(await signIn(home), 'sign-in');
    if (home.owner.way === 'code') await enroll(home);
  }), concurrency);
  await inParallel(administrators.map((administrator) => () => makeMandatory(administrator, network)), concurrency);
  return homes;
}

async function makeMandatory({ email, password, source }: OrdinaryUser, network: Network): Promise<void> {
  const browser = createBrowser((request) => network.send(source, request));
  expectDone(await browser.send({ path: routes.login, form: { email, password } }), 'sign-in of an administrator');
  expectDone(await browser.send({ path: routes.mandatory, form: { graceDays: '0' } }), 'policy');
}

export function signIn({ owner: { email, password }, browser }: Pick<PersonAtHome, 'owner' | 'browser'>): Promise<Exchange> {
  return browser.send({ path: routes.login, form: { email, password } });
}

/** Sets up an authenticator. Where the app mails a link for that, the owner opens it in the same browser. */
export async function enroll(home: PersonAtHome): Promise<void> {
  const { owner, browser } = home;
  const askedAtMs = Date.now();
  let begun = await browser.send({ path: routes.enroll, form: { factorName: 'phone' } });
  if (begun.status === 202) {
    const token = await tokenFor(owner.email, (request) => browser.send(request), ({ kind, sentAtMs }) => kind === 'challenge' && sentAtMs >= askedAtMs);
    expectDone(await browser.send({ path: routes.challenge, form: { token } }), 'mailed link');
    begun = await browser.send({ path: routes.enroll, form: { factorName: 'phone' } });
  }
  const { secret, factorId } = jsonOf(begun);
  if (typeof secret !== 'string' || typeof factorId !== 'string') throw unexpected(begun, 'enrollment');
  const authenticator = createAuthenticator(secret, { wait: (ms) => sleep(ms, undefined, { signal: home.signal }) });
  const confirmed = await browser.send({ path: routes.confirm, form: { factorId, code: await authenticator.next() } });
  expectDone(confirmed, 'code of a new authenticator');
  const { recoveryCodes } = jsonOf(confirmed);
  home.authenticator = authenticator;
  home.recoveryCodes = Array.isArray(recoveryCodes) ? recoveryCodes.map(String) : [];
}

/** An owner signs in with a code from their own browser. Answers the code, for whoever watches. */
export async function signInWithCode({ authenticator, ...home }: OwnerAtHome): Promise<{ readonly code: string; readonly isIn: boolean }> {
  if (authenticator === undefined) throw new Error('only an owner with an authenticator has codes');
  await signIn(home);
  const code = await authenticator.next();
  await home.browser.send({ path: routes.code, form: { code } });
  return { code, isIn: readsContacts(await home.browser.send({ path: '/contacts' })) };
}

/** How it went for an owner after the attack. */
export interface HomeComing {
  readonly email: string;
  readonly isIn: boolean;
  /** Whether the authenticator and all recovery codes are as they were. */
  readonly factorsAreWhole: boolean;
}

/** After the attack: who has an authenticator signs in with it, and who has none sets one up, as the policy wants it. */
export async function comeHome(home: OwnerAtHome): Promise<HomeComing> {
  const { owner: { email, way }, browser } = home;
  if (way === 'code') {
    const { isIn } = await signInWithCode(home);
    return { email, isIn, factorsAreWhole: isIn && (await areWhole(home)) };
  }
  if (way === 'mailbox') await signIn(home);
  const isEnrolled = await enroll(home).then(() => true, () => false);
  return { email, isIn: isEnrolled && readsContacts(await browser.send({ path: '/contacts' })), factorsAreWhole: true };
}

async function areWhole({ browser, recoveryCodes }: OwnerAtHome): Promise<boolean> {
  const { totp, codesLeft } = jsonOf(await browser.send({ path: routes.security }));
  const factors = Array.isArray(totp) ? (totp as readonly { readonly state?: unknown }[]) : [];
  return factors.length === 1 && factors[0]?.state === 'active' && codesLeft === recoveryCodes.length;
}

/** Throws where an ordinary request was refused: the drill cannot go on. */
export function expectDone(answer: Exchange, what: string): void {
  if (!isDone(answer)) throw unexpected(answer, what);
}

function unexpected({ status, body }: Exchange, what: string): Error {
  return new Error(`an ordinary ${what} was answered with ${status}: ${body.slice(0, 200)}`);
}
