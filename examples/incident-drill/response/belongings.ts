import { readsContacts, type StolenSession } from '../attack/stuffing.ts';
import { tokenFor } from '../mailbox.ts';
import { inParallel } from '../parallel.ts';
import type { OrdinaryUser, Plan } from '../plan.ts';
import { enroll, expectDone, signIn, type PersonAtHome } from '../second-factor/owners.ts';
import { problemOf, routes } from '../second-factor/routes.ts';
import type { Stage } from '../stage.ts';
import { createBrowser, type Browser, type Exchange, type Network } from '../wire.ts';
import { patiently } from './members.ts';

/** What an attacker has of one account on the evening before it is noticed. */
export interface HeldAccount {
  readonly session: StolenSession;
  readonly password: string;
  /** Links that were mailed to the owner, as if the attacker had seen the mailbox once. */
  readonly resetToken: string;
  readonly challengeTokens: readonly string[];
}

/** An account with a second factor, from before the attack was noticed. */
export interface HeldFactor {
  readonly person: PersonAtHome;
  /** Was spared the second factor. */
  readonly remembered: Browser;
  /** Has given the right password and waits for a code. */
  readonly pending: Browser;
  /** From the mailbox of the new address: an attacker's. */
  readonly emailToken: string;
}

export interface Belongings {
  readonly accounts: readonly HeldAccount[];
  readonly factor: HeldFactor;
  /** Ordinary users who have signed in and gone on with their work. */
  readonly members: readonly MemberAtWork[];
}

export interface MemberAtWork {
  readonly user: OrdinaryUser;
  readonly browser: Browser;
}

/** Members with a session of their own when it happens. */
const membersAtWork = 4;
const concurrency = 6;
const newEmail = 'collector@parcel.example';

/** Collects all that somebody could come back with. Throws where one of them does not work now: its refusal later would prove nothing. */
export async function collectBelongings(stage: Stage, { network, signal }: { readonly network: Network; readonly signal: AbortSignal }): Promise<Belongings> {
  const { plan, recorder } = stage;
  const sessions = new Map(recorder.sessions.map((session) => [session.email, session]));
  const accounts: HeldAccount[] = [];
  const members = plan.ordinary.slice(0, membersAtWork).map((user) => ({ user, browser: browserOf(user, network) }));
  const tasks = [
    ...[...sessions.values()].map((session) => async () => void accounts.push(await holdAccount(stage, session))),
    ...members.map(({ user, browser }) => async () => {
      expectDone(await patiently(() => signIn({ owner: user, browser })), 'sign-in');
    }),
  ];
  const [factor] = await Promise.all([holdFactor(plan, network, signal), inParallel(tasks, concurrency)]);
  return { accounts: accounts.sort((a, b) => (a.session.email < b.session.email ? -1 : 1)), factor, members };
}

export function browserOf({ source }: OrdinaryUser, network: Network): Browser {
  return createBrowser((request) => network.send(source, request));
}

async function holdAccount({ plan, botnet }: Stage, session: StolenSession): Promise<HeldAccount> {
  const { email, browser } = session;
  if (!readsContacts(await browser.send({ path: '/contacts' }))) throw new Error('a stolen session has ended by itself');
  // Enumeration has asked for it, and what is mailed in an hour is used up.
  const resetToken = await tokenFor(email, botnet.send, ({ kind }) => kind === 'reset-password');
  await browser.send({ path: routes.enroll, form: { factorName: 'my phone' } });
  const enrollToken = await tokenFor(email, botnet.send, ({ kind }) => kind === 'challenge');
  await browser.send({ path: '/account/email', form: { newEmail: `${email.split('@')[0] ?? ''}@parcel.example` } });
  const changeToken = await tokenFor(email, botnet.send, ({ kind, subject }) => kind === 'challenge' && subject.includes('address'));
  return { session, password: plan.attacker.pairs.find((pair) => pair.email === email)?.password ?? '', resetToken, challengeTokens: [enrollToken, changeToken] };
}

/** An administrator's authenticator, a browser that it knows, a sign-in that is half done, and a change of address that is to be confirmed. */
async function holdFactor({ administrators }: Plan, network: Network, signal: AbortSignal): Promise<HeldFactor> {
  const [owner] = administrators;
  if (owner === undefined) throw new Error('the drill needs a team of victims');
  const home: PersonAtHome = { owner, browser: browserOf(owner, network), signal, authenticator: undefined, recoveryCodes: [] };
  const [remembered, pending] = [browserOf(owner, network), browserOf(owner, network)];
  const signInFrom = (browser: Browser): Promise<Exchange> => patiently(() => signIn({ owner, browser }));
  expectDone(await signInFrom(home.browser), 'sign-in');
  await enroll(home);
  await signInFrom(remembered);
  // Recovery codes: the next code of the authenticator comes with the next half minute.
  expectDone(await remembered.send({ path: routes.code, form: { code: home.recoveryCodes[0] ?? '', remember: 'on' } }), 'second step');
  expectDone(await remembered.send({ path: '/account/email', form: { newEmail } }), 'change of address');
  const emailToken = await tokenFor(newEmail, (request) => remembered.send(request), ({ kind }) => kind === 'confirm-email-change');
  expectDone(await signInFrom(remembered), 'sign-in from a remembered browser');
  if (problemOf(await signInFrom(pending)) !== 'mfa-required') throw new Error('a right password was not asked for the second factor');
  return { person: home, remembered, pending, emailToken };
}
