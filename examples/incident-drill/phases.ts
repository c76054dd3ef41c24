import { createEnumeration, type Enumeration } from './attack/enumerate.ts';
import { registerOwn, type OwnAccount } from './attack/own-accounts.ts';
import { lootAccount, tryPair, type StolenSession } from './attack/stuffing.ts';
import { inParallel } from './parallel.ts';
import { passPhrase } from './people.ts';
import type { LeakedPair } from './plan.ts';
import { createRandom } from './random.ts';
import { bringHome, robAccounts, type SecondFactorReport } from './second-factor/acts.ts';
import type { OwnerAtHome } from './second-factor/owners.ts';
import { act, type Stage } from './stage.ts';
import type { Network } from './wire.ts';

/** Accounts entered or plundered at once; registering is the most work for the app. */
const concurrency = 8;
const registeringAtOnce = 5;
/** Addresses that the leaked pairs are tried from in the second act. */
const stuffingSources = 12;
/** Share of the pairs that is kept for the one address of the third act. */
const oneAddressShare = 0.4;

/** Plays the incident, ordinary users coming and going meanwhile. Answers what the doors were found to tell. */
export async function playIncident(stage: Stage): Promise<Enumeration> {
  const enumeration = await calibrateDoors(stage);
  await enumerateAddresses(stage, enumeration);
  await stuffPairs(stage);
  await exportAndSpam(stage);
  return enumeration;
}

/** The third run: the same pairs from the same addresses, and then all that a right password can be used for without the second factor. */
export async function playAgainstSecondFactor(stage: Stage, homes: readonly OwnerAtHome[], network: Network): Promise<SecondFactorReport> {
  await stuffPairs(stage);
  const thefts = await robAccounts(stage, homes);
  await exportAndSpam(stage);
  return { thefts, ...(await bringHome(stage, homes, network)) };
}

/** Tries the pairs: most from several addresses, the others and those that were not heard from one. */
async function stuffPairs(stage: Stage): Promise<void> {
  const wanted = worthTrying(stage);
  const cut = Math.round(wanted.length * (1 - oneAddressShare));
  const refused = await enterFromSeveral(stage, wanted.slice(0, cut));
  await enterFromOne(stage, [...wanted.slice(cut), ...refused]);
}

async function calibrateDoors(stage: Stage): Promise<Enumeration> {
  const { plan, botnet } = stage;
  const secrets = createRandom(plan.seed, 'wrong passwords');
  const own: OwnAccount[] = [];
  let turn = 0;
  const member = (exceptEmail: string): OwnAccount['browser'] => {
    const others = own.filter(({ email }) => email !== exceptEmail);
    turn += 1;
    const account = others[turn % others.length];
    if (account === undefined) throw new Error('the attacker needs two accounts to invite from');
    return account.browser;
  };
  const enumeration = createEnumeration({ seed: plan.seed, tools: { send: botnet.send, member, secret: () => passPhrase(secrets) } });
  await act(stage, { name: 'calibration', title: 'learning what the doors say', visit: 1 }, async () => {
    await inParallel(plan.attacker.accounts.map((login) => async () => void own.push(await registerOwn(login, botnet.send))), registeringAtOnce);
    own.sort((a, b) => (a.email < b.email ? -1 : 1));
    await enumeration.calibrate({ registered: own.map(({ email }) => email), unregistered: plan.attacker.free });
  });
  return enumeration;
}

async function enumerateAddresses(stage: Stage, enumeration: Enumeration): Promise<void> {
  const { plan, recorder } = stage;
  await act(stage, { name: 'enumeration', title: 'enumeration through every door', visit: 2 }, async () => {
    recorder.verdicts = await enumeration.classify(plan.attacker.pairs.map(({ email }) => email));
  });
}

/** Whom the attacker believes to have an account; everybody where nothing could be learnt. */
function worthTrying({ plan, recorder }: Stage): readonly LeakedPair[] {
  return plan.attacker.pairs.filter(({ email }) => recorder.verdicts.get(email) !== 'unregistered');
}

async function enterFromSeveral(stage: Stage, pairs: readonly LeakedPair[]): Promise<readonly LeakedPair[]> {
  const { plan } = stage;
  const sources = plan.attacker.sources.slice(0, stuffingSources);
  const refused: LeakedPair[] = [];
  await act(stage, { name: 'leaked-pairs', title: 'leaked pairs, several addresses', visit: 3 }, async () => {
    const attempt = (pair: LeakedPair, index: number) => async () => {
      const source = sources[index % sources.length] ?? '';
      if (!(await enter(stage, pair, source))) refused.push(pair);
    };
    await inParallel(pairs.map(attempt), concurrency);
  });
  return refused;
}

/** From one address as long as that is heard; whoever is turned away there is tried from another. */
async function enterFromOne(stage: Stage, pairs: readonly LeakedPair[]): Promise<void> {
  const { plan } = stage;
  const { oneSource } = plan.attacker;
  await act(stage, { name: 'one-address', title: 'several accounts, one address', visit: 4 }, async () => {
    const others = plan.attacker.sources.slice(stuffingSources);
    const attempt = (pair: LeakedPair, index: number) => async () => {
      for (const source of [oneSource, others[index % others.length] ?? oneSource]) {
        if (await enter(stage, pair, source)) return;
      }
    };
    await inParallel(pairs.map(attempt), concurrency);
  });
}

/** Tries a pair. False where the app would not hear it now. */
async function enter({ recorder, botnet }: Stage, pair: LeakedPair, source: string): Promise<boolean> {
  recorder.pairsTried += 1;
  const outcome = await tryPair(pair, (request) => botnet.sendFrom(source, request));
  if (outcome.kind === 'entered') {
    recorder.sessions.push({ ...outcome.session, source });
    recorder.grow('entered', 1);
  } else if (outcome.kind === 'stopped') recorder.halves.push(outcome.half);
  return outcome.kind !== 'refused';
}

async function exportAndSpam(stage: Stage): Promise<void> {
  const { recorder } = stage;
  await act(stage, { name: 'export-and-spam', title: 'export and spam', visit: 6 }, async () => {
    const loot = (session: StolenSession) => async () => {
      const { rows, spamSent } = await lootAccount(session);
      recorder.exportedRows.push(...rows);
      recorder.spamSent += spamSent;
      recorder.grow('exported', rows.length);
      recorder.grow('spam', spamSent);
    };
    // What stopped half-way tries as well.
    const held: readonly StolenSession[] = [...recorder.sessions, ...recorder.halves];
    await inParallel(held.map(loot), concurrency);
  });
}
