import { readsContacts, type StolenSession } from '../attack/stuffing.ts';
import { inParallel } from '../parallel.ts';
import { passPhrase } from '../people.ts';
import { createRandom } from '../random.ts';
import { isDone, nameOf, routes } from '../second-factor/routes.ts';
import { robEnded } from '../second-factor/thief.ts';
import type { Stage } from '../stage.ts';
import { createBrowser, type Browser, type Exchange } from '../wire.ts';
import type { Belongings, HeldAccount, HeldFactor } from './belongings.ts';
import { nobodysAnswer, sameWords } from './words.ts';

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
  const ways = new Map<string, WayBack>();
  const note: Note = (name, opened) => {
    const way = ways.get(name) ?? { name, tried: 0, opened: [] };
    way.tried += 1;
    way.opened.push(...opened);
    ways.set(name, way);
  };
  const wrong = await nobodysAnswer(stage);
  await inParallel([...accounts.map((held) => () => tryAccount(stage, held, { note, wrong })), () => tryFactor(factor, note)], concurrency);
  return [...ways.values()];
}

type Note = (name: string, opened: readonly string[]) => void;

/** The links go first: a new one would take the place of the old. */
async function tryAccount(stage: Stage, held: HeldAccount, { note, wrong }: { readonly note: Note; readonly wrong: Exchange }): Promise<void> {
  const { botnet, plan } = stage;
  const { session, resetToken, challengeTokens } = held;
  const { email } = session;
  const random = createRandom(plan.seed, `way back of ${email}`);
  note('a link to a new password from before', opensIf(isDone(await botnet.send({ path: '/reset', form: { token: resetToken, password: passPhrase(random) } })), 'POST /reset'));
  for (const token of challengeTokens) note('a link that confirms a change from before', opensIf(isDone(await session.browser.send({ path: routes.challenge, form: { token } })), 'POST /challenge'));
  const password = async (browser: Browser, name: string): Promise<void> => {
    note(name, await openedByPassword({ email, browser }, { password: held.password, wrong }));
  };
  const ended = async (): Promise<void> => {
    const { opened, enrolled, factorChanged, credentialsChanged } = await robEnded(session, { pair: { email, password: held.password }, send: botnet.send, random, watchOwner: undefined });
    note('the session: pages, export, mailing, links', opened);
    note('the session: a second factor of their own', [...opensIf(enrolled, 'an authenticator'), ...opensIf(factorChanged, 'a change of factors')]);
    note('another password or address; a reset without the mailbox', opensIf(credentialsChanged, 'a change of the password or the address'));
  };
  await Promise.all([password(session.browser, 'the password, in the browser that the account knew'), password(createBrowser(botnet.send), 'the password, in a new browser'), ended()]);
}

async function openedByPassword({ email, browser }: StolenSession, { password, wrong }: { readonly password: string; readonly wrong: Exchange }): Promise<readonly string[]> {
  const answer = await browser.send({ path: routes.login, form: { email, password } });
  const isIn = isDone(answer) || readsContacts(await browser.send({ path: '/contacts' }));
  return [...opensIf(isIn, nameOf({ path: routes.login, form: {} })), ...opensIf(!sameWords(answer, wrong), 'other words than for a wrong password')];
}

/** A right code for a sign-in from before, and the browser that was spared one. The same code opens a new sign-in: it was right. */
async function tryFactor({ person, remembered, pending }: HeldFactor, note: Note): Promise<void> {
  const { owner: { email, password }, recoveryCodes } = person;
  const code = recoveryCodes[1] ?? '';
  const give = (browser: Browser): Promise<Exchange> => browser.send({ path: routes.code, form: { code } });
  note('a right code for a sign-in from before', opensIf(isDone(await give(pending)), 'POST /login/code'));
  const isSpared = isDone(await remembered.send({ path: routes.login, form: { email, password } }));
  note('a browser that was spared the second factor', opensIf(isSpared, 'POST /login'));
  if (!isDone(await give(remembered))) throw new Error('the code that was refused is not a right one: its refusal proves nothing');
}

function opensIf(is: boolean, what: string): readonly string[] {
  return is ? [what] : [];
}
