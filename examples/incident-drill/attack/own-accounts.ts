import { tokenFor } from '../mailbox.ts';
import type { Login } from '../plan.ts';
import { createBrowser, type Browser, type Exchange, type WireRequest } from '../wire.ts';

/** An account that the attacker has registered, signed in. */
export interface OwnAccount {
  readonly email: string;
  readonly browser: Browser;
}

type Send = (request: WireRequest) => Promise<Exchange>;

/** Registers an account in the ordinary way: sign up, open the mail in one's own mailbox, confirm, sign in. Throws where the app does not let one. */
export async function registerOwn({ email, name, password }: Login, send: Send): Promise<OwnAccount> {
  const browser = createBrowser(send);
  expectStatus(await browser.send({ path: '/signup', form: { email, name, team: name, password } }), 'sign-up');
  expectStatus(await browser.send({ path: '/confirm', form: { token: await tokenFor(email, send) } }), 'confirmation');
  expectStatus(await browser.send({ path: '/login', form: { email, password } }), 'sign-in');
  return { email, browser };
}

function expectStatus({ status, body }: Exchange, what: string): void {
  if (status >= 300) throw new Error(`an ordinary ${what} was answered with ${status}: ${body.slice(0, 200)}`);
}
