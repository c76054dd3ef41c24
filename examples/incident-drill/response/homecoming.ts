import { readsContacts, type StolenSession } from '../attack/stuffing.ts';
import { mailsTo, tokenFor } from '../mailbox.ts';
import { passPhrase } from '../people.ts';
import type { OrdinaryUser } from '../plan.ts';
import { createRandom } from '../random.ts';
import { isDone } from '../second-factor/routes.ts';
import type { Network } from '../wire.ts';
import { browserOf } from './belongings.ts';
import { isReadOnly, signInPatiently, write } from './members.ts';
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

/** The owner reads the mail, asks for the link as it says, chooses a new password and signs in. */
export async function comeBack(owner: OrdinaryUser, { network, operator, seed, containedAtMs }: Surroundings): Promise<AffectedOwner> {
  const { email } = owner;
  const browser = browserOf(owner, network);
  const isTold = operator.mailed(email).some(({ kind }) => kind === 'incident-affected');
  const mails = await mailsTo(email, (request) => browser.send(request));
  const isMailedLink = mails.some(({ kind, text, sentAtMs }) => kind === 'reset-password' && sentAtMs >= containedAtMs && text.includes('no longer opens your account'));
  const askedAtMs = Date.now();
  await browser.send({ path: '/forgot', form: { email } });
  // Attackers may have used up what is mailed in an hour. What they asked for lies in the owner's mailbox, and works.
  const newest = (sinceMs: number, tries?: number): Promise<string> => tokenFor(email, (request) => browser.send(request), ({ kind, sentAtMs }) => kind === 'reset-password' && sentAtMs >= sinceMs, tries);
  const token = await newest(askedAtMs, 5).catch(() => newest(containedAtMs));
  const password = passPhrase(createRandom(seed, `new password of ${email}`));
  const isReset = isDone(await browser.send({ path: '/reset', form: { token, password } }));
  const isBack = isReset && (await signInPatiently({ ...owner, password }, browser)) && readsContacts(await browser.send({ path: '/contacts' }));
  return { email, browser, isTold, isMailedLink, isBack, writeIsRefused: isReadOnly(await write(browser)) };
}
