import { isRefusal } from '../attack/botnet.ts';
import { readsContacts, type StolenSession } from '../attack/stuffing.ts';
import { inParallel } from '../parallel.ts';
import { passPhrase } from '../people.ts';
import { createRandom } from '../random.ts';
import { isDone, nameOf, routes } from '../second-factor/routes.ts';
import { robEnded, type Theft } from '../second-factor/thief.ts';
import type { Stage } from '../stage.ts';
import { createBrowser, type Browser, type Exchange, type WireRequest } from '../wire.ts';
import type { Belongings, HeldAccount, HeldFactor } from './belongings.ts';
import { nobodysAnswer, sameWords } from './words.ts';

const ways = {
  resetLink: 'a link to a new password from before',
  challengeLink: 'a link that confirms a change from before',
  knownBrowser: 'the password, in the browser that the account knew',
  newBrowser: 'the password, in a new browser',
  session: 'the session: pages, export, mailing, links',
  factor: 'the session: a second factor of their own',
  credentials: 'another password or address; a reset without the mailbox',
  pending: 'a right code for a sign-in from before',
  remembered: 'a browser that was spared the second factor',
  emailLink: 'when it was over: a change of address that was to be confirmed',
  sessionLater: 'when it was over: the session, for all of that',
} as const;

/** Every way that is tried. */
export const waysBack: readonly string[] = Object.values(ways);

/** One way to come back, on however many accounts it was tried. */
export interface WayBack {
  readonly name: string;
  tried: number;
  /** What did what it was asked to, and must not have. */
  readonly opened: string[];
}

const concurrency = 6;

/** After everything was ended: all that was held is used, and what needs no session is tried again. */
export async function tryWaysBack(stage: Stage, { accounts, factor }: Belongings): Promise<readonly WayBack[]> {
  const { note, all } = createNotes();
  const wrong = await nobodysAnswer(stage);
  await inParallel([...accounts.map((held) => () => tryAccount(stage, held, { note, wrong })), () => tryFactor(factor, note)], concurrency);
  return all();
}

/** Once it was lifted: what read-only mode would have refused to anybody. */
export async function tryWhenOver(stage: Stage, { accounts, factor: { emailToken } }: Belongings): Promise<readonly WayBack[]> {
  const { note, all } = createNotes();
  const confirm = async (): Promise<void> => {
    note(ways.emailLink, opensIf(isDone(await stage.botnet.send({ path: '/confirm-email', form: { token: emailToken } })), 'POST /confirm-email'));
  };
  const again = (held: HeldAccount) => async () => {
    const { opened, enrolled, factorChanged, credentialsChanged } = await robHeld(stage, held);
    note(ways.sessionLater, [...opened, ...opensIf(enrolled || factorChanged || credentialsChanged, 'a change of the account')]);
  };
  await inParallel([...accounts.map(again), confirm], concurrency);
  return all();
}

type Note = (name: string, opened: readonly string[]) => void;

function createNotes(): { readonly note: Note; readonly all: () => readonly WayBack[] } {
  const noted = new Map<string, WayBack>();
  return {
    note: (name, opened) => {
      const way = noted.get(name) ?? { name, tried: 0, opened: [] };
      way.tried += 1;
      way.opened.push(...opened);
      noted.set(name, way);
    },
    all: () => [...noted.values()],
  };
}

function robHeld({ botnet, plan }: Stage, { session, password }: HeldAccount): Promise<Theft> {
  return robEnded(session, { pair: { email: session.email, password }, send: botnet.send, random: createRandom(plan.seed, `way back of ${session.email}`), watchOwner: undefined });
}

/** The links go first: a new one would take the place of the old. */
async function tryAccount(stage: Stage, held: HeldAccount, { note, wrong }: { readonly note: Note; readonly wrong: Exchange }): Promise<void> {
  const { botnet, plan } = stage;
  const { session, resetToken, challengeTokens } = held;
  const { email } = session;
  const newPassword = passPhrase(createRandom(plan.seed, `new password for ${email}`));
  const openedBy = async (send: Browser['send'], request: WireRequest): Promise<readonly string[]> => opensIf(isDone(await send(request)), nameOf(request));
  const confirm = async (token: string): Promise<void> => {
    note(ways.challengeLink, await openedBy((request) => session.browser.send(request), { path: routes.challenge, form: { token } }));
  };
  const reset = async (): Promise<void> => {
    note(ways.resetLink, await openedBy(botnet.send, { path: '/reset', form: { token: resetToken, password: newPassword } }));
  };
  await Promise.all([reset(), ...challengeTokens.map(confirm)]);
  const password = async (browser: Browser, name: string): Promise<void> => {
    note(name, await openedByPassword({ email, browser }, { password: held.password, wrong }));
  };
  const ended = async (): Promise<void> => {
    const { opened, enrolled, factorChanged, credentialsChanged } = await robHeld(stage, held);
    note(ways.session, opened);
    note(ways.factor, [...opensIf(enrolled, 'an authenticator'), ...opensIf(factorChanged, 'a change of factors')]);
    note(ways.credentials, opensIf(credentialsChanged, 'a change of the password or the address'));
  };
  await Promise.all([password(session.browser, ways.knownBrowser), password(createBrowser(botnet.send), ways.newBrowser), ended()]);
}

/** Too many or too busy says nothing of a password: anybody is told so. Everything else must read like a wrong one. */
async function openedByPassword({ email, browser }: StolenSession, { password, wrong }: { readonly password: string; readonly wrong: Exchange }): Promise<readonly string[]> {
  const answer = await browser.send({ path: routes.login, form: { email, password } });
  const isIn = isDone(answer) || readsContacts(await browser.send({ path: '/contacts' }));
  return [...opensIf(isIn, nameOf({ path: routes.login, form: {} })), ...opensIf(!isRefusal(answer) && !sameWords(answer, wrong), 'other words than for a wrong password')];
}

/** A right code for a sign-in from before, and the browser that was spared one. The same code opens a new sign-in: it was right. */
async function tryFactor({ person, remembered, pending }: HeldFactor, note: Note): Promise<void> {
  const { owner: { email, password }, recoveryCodes } = person;
  const code = recoveryCodes[1] ?? '';
  const give = (browser: Browser): Promise<Exchange> => browser.send({ path: routes.code, form: { code } });
  const isThrough = isDone(await give(pending));
  note(ways.pending, opensIf(isThrough, 'POST /login/code'));
  const isSpared = isDone(await remembered.send({ path: routes.login, form: { email, password } }));
  note(ways.remembered, opensIf(isSpared, 'POST /login'));
  if (!isThrough && !isSpared && !isDone(await give(remembered))) throw new Error('the code that was refused is not a right one: its refusal proves nothing');
}

function opensIf(is: boolean, what: string): readonly string[] {
  return is ? [what] : [];
}
