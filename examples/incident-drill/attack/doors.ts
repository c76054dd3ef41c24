import { jsonOf, type Accept, type Browser, type Exchange, type WireRequest } from '../wire.ts';

export type DoorName = 'email-available' | 'login' | 'forgot' | 'resend' | 'invite' | 'signup-refused' | 'signup';

/** What probing needs beside the address in question. */
export interface ProbeTools {
  readonly send: (request: WireRequest) => Promise<Exchange>;
  /** A signed-in account of the attacker that is not the address in question. */
  readonly member: (exceptEmail: string) => Browser;
  /** A password nobody has. */
  readonly secret: () => string;
}

/** A way to make the app say something about an address. */
export interface Door {
  readonly name: DoorName;
  /** For people. */
  readonly title: string;
  /** How it is asked about one address, once for each. More is not always better: see {@link doors}. */
  readonly asks: readonly Accept[];
  /** Whether an answer costs the app a password hash. */
  readonly hashes: boolean;
  /** Asked after all the others: it may create the account. */
  readonly last: boolean;
  probe(email: string, accept: Accept, tools: ProbeTools): Promise<Exchange>;
}

const json: Accept = 'application/json';
const page: Accept = 'text/html';

/**
 * Every door that answers a stranger, or somebody with an account of their own. The attacker knows that a hardened app
 * counts questions about one account (mails three an hour, sign-ups three an hour, wrong passwords five in five minutes)
 * and asks no door more often than it may hear a full answer.
 */
export const doors: readonly Door[] = [
  door('email-available', 'GET /api/email-available', [json, page, json], (email) => ({ path: `/api/email-available?email=${encodeURIComponent(email)}` })),
  { ...door('login', 'POST /login', [json, page], (email, { secret }) => ({ path: '/login', form: { email, password: secret() } })), hashes: true },
  door('forgot', 'POST /forgot', [json, page], (email) => ({ path: '/forgot', form: { email } })),
  door('resend', 'POST /resend', [page], (email) => ({ path: '/resend', form: { email } })),
  { name: 'invite', title: 'POST /team/invite', asks: [json, page], hashes: false, last: false, probe: invite },
  // A password that no app takes: the answer may tell, and no account is opened by asking.
  door('signup-refused', 'POST /signup, no password', [page], (email) => ({ path: '/signup', form: { email, name: 'Kim', team: 'Kim', password: '' } })),
  { ...door('signup', 'POST /signup', [json], (email, { secret }) => ({ path: '/signup', form: { email, name: 'Kim', team: 'Kim', password: secret() } })), hashes: true, last: true },
];

function door(name: DoorName, title: string, asks: readonly Accept[], request: (email: string, tools: ProbeTools) => WireRequest): Door {
  return { name, title, asks, hashes: false, last: false, probe: (email, accept, tools) => tools.send({ ...request(email, tools), accept }) };
}

/** Invites, then looks whether the team's page lists the invitation: an answer that is equal must not be undone there. */
async function invite(email: string, accept: Accept, { member }: ProbeTools): Promise<Exchange> {
  const browser = member(email);
  const answer = await browser.send({ path: '/team/invite', form: { email }, accept });
  const { invited } = jsonOf(await browser.send({ path: '/team' }));
  const isListed = Array.isArray(invited) && invited.includes(email);
  return { ...answer, body: `${answer.body}\nteam-page-lists-it:${String(isListed)}` };
}
