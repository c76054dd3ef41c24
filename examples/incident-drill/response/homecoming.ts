import { setTimeout as sleep } from 'node:timers/promises';
import { readsContacts, type StolenSession } from '../attack/stuffing.ts';
import { mailsTo, tokenOf, type Mail } from '../mailbox.ts';
import { passPhrase } from '../people.ts';
import type { OrdinaryUser } from '../plan.ts';
import { createRandom } from '../random.ts';
import { signIn } from '../second-factor/owners.ts';
import { isDone } from '../second-factor/routes.ts';
import type { Exchange, Network } from '../wire.ts';
import { browserOf } from './belongings.ts';
import { isReadOnly, patiently, write } from './members.ts';
import type { Operator } from './operator.ts';

/** How it went for the owner of an account that was entered. */
export interface AffectedOwner extends StolenSession {
  /** Whether a mail says that somebody else was in the account. */
  readonly isTold: boolean;
  /** Whether the old password, which was tried, has brought them a link to a new one. */
  readonly isMailedLink: boolean;
  readonly isBack: boolean;
  readonly writeIsRefused: boolean;
}

interface Surroundings {
  readonly network: Network;
  readonly operator: Operator;
  readonly seed: number;
  readonly containedAtMs: number;
}

const links = 3;
const forMailMs = 300;

/** The owner reads the mail, asks for the link as it says, chooses a new password and signs in. */
export async function comeBack(owner: OrdinaryUser, { network, operator, seed, containedAtMs }: Surroundings): Promise<AffectedOwner> {
  const { email } = owner;
  const browser = browserOf(owner, network);
  const isTold = operator.mailed(email).some(({ kind }) => kind === 'incident-affected');
  await browser.send({ path: '/forgot', form: { email } });
  await sleep(forMailMs);
  const mails = (await mailsTo(email, (request) => browser.send(request))).filter(({ kind, sentAtMs }) => kind === 'reset-password' && sentAtMs >= containedAtMs);
  const isMailedLink = mails.some(({ text }) => text.includes('no longer opens your account'));
  const password = passPhrase(createRandom(seed, `new password of ${email}`));
  const isReset = await openOne(mails.slice(0, links), (token) => patiently(() => browser.send({ path: '/reset', form: { token, password } })));
  const signedIn = await patiently(() => signIn({ owner: { ...owner, password }, browser }));
  const isBack = isReset && isDone(signedIn) && readsContacts(await browser.send({ path: '/contacts' }));
  return { email, browser, isTold, isMailedLink, isBack, writeIsRefused: isReadOnly(await write(browser)) };
}

/**
 * One link works, and people try the newest first. Attackers may have used up what is mailed in an hour, but what they have caused to
 * be mailed lies in the owner's mailbox; and of two that were caused at once, the one that works may have come first.
 */
async function openOne(mails: readonly Mail[], open: (token: string) => Promise<Exchange>): Promise<boolean> {
  for (const { link } of mails) {
    if (link !== undefined && isDone(await open(tokenOf(new URL(link))))) return true;
  }
  return false;
}
