import type { Mail } from 'portcullis';
import { codeAt } from '../support/person.ts';
import type { App } from './app.ts';
import type { Deed } from './deeds.ts';

/** The half of a step of an authenticator: nobody is near its end. */
const atMs = Date.UTC(2026, 0, 1, 0, 0, 15);
const secretBase32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const password = 'quiet marmots under tin roofs';
let made = 0;

/** A secret that is good once, and whose. */
export interface Secret {
  readonly deed: Deed;
  readonly email: string;
}

/** What makes each kind of secret, fresh with each call, as the app would. */
export const secrets: Readonly<Record<'totp' | 'recovery' | 'reset' | 'reset-code' | 'challenge' | 'sign-up' | 'sign-up-code', (app: App) => Promise<Secret>>> = {
  async totp(app) {
    const email = await plant(app);
    await app.totpAt(atMs).import({ accountId: email, secret: secretBase32 });
    // Of the step before: that is taken by whose clock is right and by whose clock is 30 s behind.
    return { email, deed: { do: 'totp', accountId: email, code: codeAt(secretBase32, atMs - 30_000), atMs } };
  },
  async recovery(app) {
    const email = await plant(app);
    const [code = ''] = await app.recovery.issue(email);
    return { email, deed: { do: 'recovery', accountId: email, code } };
  },
  async reset(app) {
    const { email, link } = await askForReset(app);
    return { email, deed: { do: 'reset', token: tokenOf(link) } };
  },
  async 'reset-code'(app) {
    const { email, code } = await askForReset(app);
    return { email, deed: { do: 'reset-code', identifier: email, code } };
  },
  async challenge(app) {
    const email = await plant(app);
    const answered = await app.portcullis.signIn.attempt({ identifier: email, password, facts: facts() });
    const { setCookies = [] } = answered as { readonly setCookies?: readonly string[] };
    const { link } = await mailTo(app, email, 'challenge');
    return { email, deed: { do: 'challenge', token: tokenOf(link), cookies: setCookies.map((line) => line.split(';')[0]).join('; ') } };
  },
  async 'sign-up'(app) {
    const { email, link } = await signUp(app);
    return { email, deed: { do: 'sign-up', token: tokenOf(link) } };
  },
  async 'sign-up-code'(app) {
    const { email, code } = await signUp(app);
    return { email, deed: { do: 'sign-up-code', identifier: email, code } };
  },
};

async function plant({ accounts, portcullis }: App): Promise<string> {
  const email = newEmail();
  accounts.plant({ email, passwordHash: await portcullis.hasher.hash(password) });
  return email;
}

async function askForReset(app: App) {
  const email = await plant(app);
  await app.portcullis.passwordReset.request({ identifier: email, facts: facts() });
  return { email, ...(await mailTo(app, email, 'reset-password')) };
}

async function signUp(app: App) {
  const email = newEmail();
  await app.portcullis.signUp.request({ identifier: email, password, facts: facts() });
  return { email, ...(await mailTo(app, email, 'confirm-sign-up')) };
}

function newEmail(): string {
  made += 1;
  return `racer-${made}@example.com`;
}

/** An address of its own for each request: no limit has a part in a race. */
function facts() {
  made += 1;
  return { address: `10.200.${made >> 8}.${made & 255}`, accepts: 'json' } as const;
}

/** Mails go out after the answer. */
async function mailTo<K extends Mail['kind']>({ portcullis, mails }: App, email: string, kind: K): Promise<Extract<Mail, { readonly kind: K }>> {
  await portcullis.uniform.drain(20_000);
  const mail = mails.findLast((each): each is Extract<Mail, { readonly kind: K }> => each.kind === kind && each.to === email);
  if (mail === undefined) throw new Error(`no mail of the kind ${kind} has come`);
  return mail;
}

function tokenOf(link: string): string {
  return link.split('#token=')[1] ?? '';
}
