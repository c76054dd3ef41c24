import { setTimeout as sleep } from 'node:timers/promises';
import type { Login } from '../plan.ts';
import { createBrowser, jsonOf, type Browser, type Exchange, type WireRequest } from '../wire.ts';

/** An account that the attacker has registered, signed in. */
export interface OwnAccount {
  readonly email: string;
  readonly browser: Browser;
}

type Send = (request: WireRequest) => Promise<Exchange>;

const mailTries = 40;
const betweenTriesMs = 100;

/** Registers an account in the ordinary way: sign up, open the mail, confirm, sign in. Throws where the app does not let one. */
export async function registerOwn({ email, name, password }: Login, send: Send): Promise<OwnAccount> {
  const browser = createBrowser(send);
  expectStatus(await browser.send({ path: '/signup', form: { email, name, team: name, password } }), 'sign-up');
  expectStatus(await browser.send({ path: '/confirm', form: { token: await tokenFor(email, send) } }), 'confirmation');
  expectStatus(await browser.send({ path: '/login', form: { email, password } }), 'sign-in');
  return { email, browser };
}

/** The attacker reads their own mailbox, and no other. */
async function tokenFor(email: string, send: Send): Promise<string> {
  for (let tries = 0; tries < mailTries; tries += 1) {
    const { mails } = jsonOf(await send({ path: `/mails?to=${encodeURIComponent(email)}` }));
    const link = linkOf(Array.isArray(mails) ? (mails[0] as unknown) : undefined);
    if (link !== undefined) return link.searchParams.get('token') ?? new URLSearchParams(link.hash.slice(1)).get('token') ?? '';
    await sleep(betweenTriesMs);
  }
  throw new Error(`the app has sent no mail to ${email}`);
}

function linkOf(mail: unknown): URL | undefined {
  const link = typeof mail === 'object' && mail !== null && 'link' in mail ? mail.link : undefined;
  return typeof link === 'string' ? new URL(link) : undefined;
}

function expectStatus({ status, body }: Exchange, what: string): void {
  if (status >= 300) throw new Error(`an ordinary ${what} was answered with ${status}: ${body.slice(0, 200)}`);
}
