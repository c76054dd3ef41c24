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
  /** How often one address can be asked about: some questions change what they ask about, or are counted. */
  readonly maxRepeats: number;
  /** Asked after all the others: it may create the account. */
  readonly last: boolean;
  probe(email: string, accept: Accept, tools: ProbeTools): Promise<Exchange>;
}

/** Every door that answers a stranger, or somebody with an account of their own. */
export const doors: readonly Door[] = [
  door('email-available', 'GET /api/email-available', (email) => ({ path: `/api/email-available?email=${encodeURIComponent(email)}` })),
  // The login is counted per account, and the attacker needs it later: two questions, no more.
  { ...door('login', 'POST /login', (email, { secret }) => ({ path: '/login', form: { email, password: secret() } })), maxRepeats: 2 },
  door('forgot', 'POST /forgot', (email) => ({ path: '/forgot', form: { email } })),
  door('resend', 'POST /resend', (email) => ({ path: '/resend', form: { email } })),
  { name: 'invite', title: 'POST /team/invite', maxRepeats: Infinity, last: false, probe: invite },
  // A password that no app takes: the answer may tell, and no account is opened by asking.
  door('signup-refused', 'POST /signup, no password', (email) => ({ path: '/signup', form: { email, name: 'Kim', team: 'Kim', password: '' } })),
  { ...door('signup', 'POST /signup', (email, { secret }) => ({ path: '/signup', form: { email, name: 'Kim', team: 'Kim', password: secret() } })), maxRepeats: 1, last: true },
];

function door(name: DoorName, title: string, request: (email: string, tools: ProbeTools) => WireRequest): Door {
  return { name, title, maxRepeats: Infinity, last: false, probe: (email, accept, tools) => tools.send({ ...request(email, tools), accept }) };
}

/** Invites, then looks whether the team's page lists the invitation: an answer that is equal must not be undone there. */
async function invite(email: string, accept: Accept, { member }: ProbeTools): Promise<Exchange> {
  const browser = member(email);
  const answer = await browser.send({ path: '/team/invite', form: { email }, accept });
  const { invited } = jsonOf(await browser.send({ path: '/team' }));
  const isListed = Array.isArray(invited) && invited.includes(email);
  return { ...answer, body: `${answer.body}\nteam-page-lists-it:${String(isListed)}` };
}
