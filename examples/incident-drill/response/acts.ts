import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainReport } from 'portcullis';
import { readsContacts } from '../attack/stuffing.ts';
import { inParallel } from '../parallel.ts';
import { isDone } from '../second-factor/routes.ts';
import { act, type Stage } from '../stage.ts';
import type { Browser, Exchange, Network } from '../wire.ts';
import { browserOf, collectBelongings, type Belongings } from './belongings.ts';
import { comeBack, type AffectedOwner } from './homecoming.ts';
import { isReadOnly, visitReadOnly, write, type MemberVisit } from './members.ts';
import { createMoments, type Moment, type MomentName, type Moments } from './moments.ts';
import { openOperator, type Operator } from './operator.ts';
import { tryWaysBack, tryWhenOver, type WayBack } from './ways-back.ts';

/** The end of the incident: what was done against it, and what came of that. */
export interface ResponseReport {
  readonly timeline: readonly Moment[];
  /** Accounts that attackers had live sessions of. */
  readonly held: readonly string[];
  /** Accounts that were got into from the attack's addresses, as the audit log says; those of the attackers among them. */
  readonly found: readonly string[];
  readonly dryRun: ContainReport;
  /** Whether everything was as before after the dry run. */
  readonly dryRunLeftAll: boolean;
  readonly contained: ContainReport;
  readonly ways: readonly WayBack[];
  readonly members: readonly MemberVisit[];
  /** Sessions of members that ended with those of the attackers. */
  readonly membersOut: number;
  readonly owners: readonly AffectedOwner[];
  /** Of the members and owners who are in: those who could write and export once it was over. */
  readonly writing: number;
  readonly exporting: number;
  /** What `incident.report` writes. */
  readonly postmortem: string;
}

interface Scene {
  readonly network: Network;
  readonly dataFolder: string;
  readonly baseUrl: string;
  readonly signal: AbortSignal;
}

const id = 'drill-2019';
const by = 'operator on call';
const dayMs = 86_400_000;
const concurrency = 6;
/** How often the attackers and a member are heard while it is being contained: what the times are exact to. */
const everyMs = 40;
const patienceMs = 8_000;

/** Plays the end of the timeline, in the run that attackers have entered accounts in. */
export async function respond(stage: Stage, scene: Scene): Promise<ResponseReport> {
  const operator = openOperator(scene);
  try {
    return await respondAs(operator, stage, scene);
  } finally {
    await operator.close();
  }
}

async function respondAs(operator: Operator, stage: Stage, { network, signal }: Scene): Promise<ResponseReport> {
  const { plan, recorder } = stage;
  let belongings: Belongings | undefined;
  await act(stage, { name: 'belongings', title: 'all that attackers hold' }, async () => {
    belongings = await collectBelongings(stage, { network, signal });
  });
  if (belongings === undefined) throw new Error('nothing is held');
  const { accounts, members } = belongings;
  const moments = createMoments(recorder);
  const contained = await contain(operator, stage, { belongings, moments });
  const membersOut = await countEnded(members.map(({ browser }) => browser));
  const containedAtMs = Date.now();
  let ways: readonly WayBack[] = [];
  const visits: (MemberVisit & Pick<Belongings['members'][number], 'browser'>)[] = [];
  await act(stage, { name: 'ways-back', title: 'every way back, and reading' }, async () => {
    const atWork = new Map(members.map(({ user, browser }) => [user.email, browser]));
    const visit = (user: (typeof plan.ordinary)[number]) => async () => {
      const browser = atWork.get(user.email) ?? browserOf(user, network);
      visits.push({ browser, ...(await visitReadOnly(user, browser)) });
    };
    [ways] = await Promise.all([tryWaysBack(stage, belongings as Belongings), inParallel(plan.ordinary.map(visit), concurrency)]);
  });
  const owners: AffectedOwner[] = [];
  await act(stage, { name: 'owners', title: 'the owners reset and come back' }, async () => {
    const affected = plan.owners.filter(({ email }) => accounts.some(({ session }) => session.email === email));
    await inParallel(affected.map((owner) => async () => void owners.push(await comeBack(owner, { network, operator, seed: plan.seed, containedAtMs }))), concurrency);
  });
  moments.note('owners-back');
  const people = [...visits.filter(({ isIn }) => isIn), ...owners.filter(({ isBack }) => isBack)].map(({ browser }) => browser);
  const lifted = await lift(operator, stage, { people, moments, belongings });
  const report = await operator.incident.report({ id });
  return { ...contained, ...lifted, timeline: moments.all(), held: accounts.map(({ session }) => session.email), ways: [...ways, ...lifted.ways], members: visits, membersOut, owners, postmortem: report?.text ?? '' };
}

interface Containment {
  readonly belongings: Belongings;
  readonly moments: Moments;
}

/** The attack is noticed: several accounts from one address. The operator asks who was in, looks what would be done, and does it. */
async function contain(operator: Operator, stage: Stage, { belongings: { accounts, members }, moments }: Containment): Promise<Pick<ResponseReport, 'found' | 'dryRun' | 'dryRunLeftAll' | 'contained'>> {
  const { attacker } = stage.plan;
  const sources = [...attacker.sources, attacker.oneSource];
  const fromMs = moments.wallMsOf(0);
  const plan = { id, by, reason: 'Accounts were entered with passwords from a leak.', affected: { sources, fromMs }, secondFactor: { scope: { kind: 'app' }, graceMs: 7 * dayMs } } as const;
  const sessions = accounts.map(({ session }) => session.browser);
  const noteWhen = async (name: MomentName, isSo: () => Promise<boolean>): Promise<void> => {
    if (await until(isSo)) moments.note(name);
  };
  let done: Pick<ResponseReport, 'found' | 'dryRun' | 'dryRunLeftAll' | 'contained'> | undefined;
  await act(stage, { name: 'containment', title: 'noticed and contained' }, async () => {
    moments.note('noticed');
    const found = await operator.whoGotIn({ sources, fromMs });
    moments.note('found');
    const dryRun = await operator.incident.contain({ ...plan, dryRun: true });
    moments.note('dry-run');
    const dryRunLeftAll = (await countReading(sessions)) === sessions.length && (await operator.incident.status()).length === 0;
    const order = { ...plan, noticedMs: moments.wallMs('noticed') };
    moments.note('ordered');
    const [contained] = await Promise.all([
      operator.incident.contain(order),
      noteWhen('writes-refused', async () => isReadOnly(await write(members[0]?.browser ?? never()))),
      noteWhen('sessions-refused', async () => (await countEnded(sessions)) === sessions.length),
    ]);
    for (const [moment, step] of [['marked', 'resets'], ['affected-told', 'tell-affected'], ['everybody-told', 'tell-others']] as const) {
      const { beganMs, tookMs } = contained.steps.find((each) => each.step === step) ?? {};
      if (beganMs !== undefined && tookMs !== undefined) moments.noteWall(moment, beganMs + tookMs);
    }
    done = { found, dryRun, dryRunLeftAll, contained };
  });
  return done ?? never();
}

/** It is over: whoever is in writes and exports again, and first one of them as soon as the app lets them. Attackers try once more. */
async function lift(operator: Operator, stage: Stage, { people, moments, belongings }: Containment & { readonly people: readonly Browser[] }): Promise<Pick<ResponseReport, 'writing' | 'exporting' | 'ways'>> {
  let [writing, exporting] = [0, 0];
  let ways: readonly WayBack[] = [];
  await act(stage, { name: 'lift', title: 'lifted, and writing again' }, async () => {
    await operator.incident.lift({ id, by });
    moments.note('lifted');
    const [first] = people;
    if (first === undefined) return;
    if (await until(async () => isDone(await write(first)))) moments.note('writing');
    const goOn = (browser: Browser) => async () => {
      if (isDone(await write(browser))) writing += 1;
      if (isDone(await browser.send({ path: '/contacts/export.csv' }))) exporting += 1;
    };
    [ways] = await Promise.all([tryWhenOver(stage, belongings), inParallel(people.map(goOn), concurrency)]);
  });
  return { writing, exporting, ways };
}

function contactsOf(browsers: readonly Browser[]): Promise<readonly Exchange[]> {
  return Promise.all(browsers.map((browser) => browser.send({ path: '/contacts' })));
}

async function countReading(browsers: readonly Browser[]): Promise<number> {
  return (await contactsOf(browsers)).filter(readsContacts).length;
}

/** How many of these are told that they are not signed in. */
async function countEnded(browsers: readonly Browser[]): Promise<number> {
  return (await contactsOf(browsers)).filter(({ status }) => status === 401).length;
}

/** Asks until it is so. False where it does not become so. */
async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    if (await isSo()) return true;
    await sleep(everyMs);
  }
  return false;
}

function never(): never {
  throw new Error('the drill has come to a place that it cannot come to');
}
