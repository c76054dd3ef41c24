import type { HalfSession } from '../attack/stuffing.ts';
import { mailsTo, type Mail } from '../mailbox.ts';
import { inParallel } from '../parallel.ts';
import { createRandom } from '../random.ts';
import { act, type Stage } from '../stage.ts';
import type { Network } from '../wire.ts';
import { comeHome, signInWithCode, type HomeComing, type OwnerAtHome } from './owners.ts';
import { robAccount, type Theft } from './thief.ts';

/** What the third run adds to the others. */
export interface SecondFactorReport {
  readonly thefts: readonly Theft[];
  readonly homeComings: readonly HomeComing[];
  /** What the app mailed to the owners during the attack. */
  readonly mails: readonly Mail[];
}

/** Accounts robbed at once. */
const concurrency = 6;

/** Everything that a right password and no second factor can be used for, on every account that asked for one. */
export async function robAccounts(stage: Stage, homes: readonly OwnerAtHome[]): Promise<readonly Theft[]> {
  const { plan, botnet, recorder } = stage;
  const passwordOf = new Map(plan.attacker.pairs.map(({ email, password }) => [email, password]));
  const homeOf = new Map(homes.map((home) => [home.owner.email, home]));
  const thefts: Theft[] = [];
  const rob = (half: HalfSession) => async () => {
    const { email } = half;
    const home = homeOf.get(email);
    const watchOwner = home?.authenticator === undefined ? undefined : async () => (await signInWithCode(home)).code;
    const theft = await robAccount(half, { pair: { email, password: passwordOf.get(email) ?? '' }, send: botnet.send, random: createRandom(plan.seed, `thief of ${email}`), watchOwner });
    thefts.push(theft);
    // Of one account, one session is enough to export and to send from.
    for (const session of theft.sessions.slice(0, 1)) {
      recorder.sessions.push({ ...session, source: 'many' });
      recorder.grow('entered', 1);
    }
  };
  await act(stage, { name: 'second-factor', title: 'against the second factor', visit: 5 }, () => inParallel(recorder.halves.map(rob), concurrency));
  return thefts;
}

/** The attack is over. What have the owners been told, and do they get in? */
export async function bringHome(stage: Stage, homes: readonly OwnerAtHome[], network: Network): Promise<Omit<SecondFactorReport, 'thefts'>> {
  const { recorder } = stage;
  const startedAtMs = Date.now() - recorder.nowMs();
  const mails: Mail[] = [];
  const homeComings: HomeComing[] = [];
  await act(stage, { name: 'owners', title: 'the owners come back' }, async () => {
    for (const { owner } of homes) {
      const all = await mailsTo(owner.email, (request) => network.send(owner.source, request));
      mails.push(...all.filter(({ sentAtMs }) => sentAtMs >= startedAtMs));
    }
    await inParallel(homes.map((home) => async () => void homeComings.push(await comeHome(home))), concurrency);
  });
  return { mails, homeComings };
}
