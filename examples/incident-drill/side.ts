import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttackedApp, Side, StartApp } from './apps.ts';
import { createBotnet } from './attack/botnet.ts';
import type { DoorFinding, Verdict } from './attack/enumerate.ts';
import { figuresOf, type Figures } from './figures.ts';
import { mailsTo } from './mailbox.ts';
import { createOrdinaryUsers } from './ordinary.ts';
import { playAgainstSecondFactor, playIncident } from './phases.ts';
import { respond, type ResponseReport } from './response/acts.ts';
import type { LeakedPair, Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { createRecorder, type Growth, type PhaseReport, type Recorder } from './recorder.ts';
import type { SecondFactorReport } from './second-factor/acts.ts';
import { prepareOwners, type OwnerAtHome } from './second-factor/owners.ts';
import { checkSources } from './sources.ts';
import { phaseTitle } from './stage.ts';
import { createNetwork, type Network } from './wire.ts';

/** All that is known of one side after the drill. */
export interface SideReport {
  readonly side: Side;
  readonly figures: Figures;
  readonly findings: readonly DoorFinding[];
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** The pairs that opened an account. */
  readonly entered: readonly (LeakedPair & { readonly source: string })[];
  readonly phases: readonly PhaseReport[];
  readonly growth: readonly Growth[];
  readonly attackRequests: number;
  readonly attackRefusals: number;
  readonly pairsTried: number;
  /** Victims whom the app mailed that their password is a stolen one. */
  readonly victimsWarned: number;
  /** Of the third run. */
  readonly secondFactor: SecondFactorReport | undefined;
  /** Of the second: how it ended. */
  readonly response: ResponseReport | undefined;
}

export interface SideOptions {
  readonly side: Side;
  readonly plan: Plan;
  readonly startApp: StartApp;
  readonly breachUrl: string;
  /** An empty folder for the app's data. */
  readonly folder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** An app that runs, with everybody at home. */
export interface OpenSide {
  /** Plays the whole incident against it, once. */
  play(): Promise<SideReport>;
  close(): Promise<void>;
}

/** Starts one of the apps. For the third run, its owners set up their second factors. */
export async function openSide(options: SideOptions): Promise<OpenSide> {
  const { side, plan, progress, signal } = options;
  const app = await progress.phase(phaseTitle(side, 'starting the app'), () => `${plan.appSeed.teams.length} teams`, () => start(options));
  const ended = new AbortController();
  const untilEnd = AbortSignal.any([signal, ended.signal]);
  const network = createNetwork(app.url, untilEnd);
  const close = async (): Promise<void> => {
    ended.abort();
    await network.close();
    await app.stop();
  };
  try {
    signal.throwIfAborted();
    const homes = side === 'mandatory' ? await Promise.race([openHomes(options, network, untilEnd), app.died]) : [];
    return { close, play: () => Promise.race([attack({ app, network, homes, side, plan, progress, signal: untilEnd, dataFolder: dataFolderOf(options) }), app.died]) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts one of the apps, plays the whole incident against it and ends it. */
export async function runSide(options: SideOptions): Promise<SideReport> {
  const opened = await openSide(options);
  try {
    return await opened.play();
  } finally {
    await opened.close();
  }
}

function start({ side, plan, startApp, breachUrl, folder }: SideOptions): Promise<AttackedApp> {
  mkdirSync(folder, { recursive: true });
  const seedFile = join(folder, 'seed.json');
  writeFileSync(seedFile, JSON.stringify(plan.appSeed));
  return startApp({ side, dataFolder: dataFolderOf({ folder }), seedFile, breachUrl });
}

function dataFolderOf({ folder }: Pick<SideOptions, 'folder'>): string {
  return join(folder, 'data');
}

function openHomes({ side, plan, progress }: SideOptions, network: Network, signal: AbortSignal): Promise<readonly OwnerAtHome[]> {
  const { owners, administrators } = plan;
  const live = (): string => `${owners.filter(({ way }) => way === 'code').length} of ${owners.length} owners have an authenticator, ${administrators.length} teams ask for one`;
  return progress.phase(phaseTitle(side, 'a second factor for everybody'), live, () => prepareOwners(plan, network, signal));
}

interface Scene extends Pick<SideOptions, 'side' | 'plan' | 'progress' | 'signal'> {
  readonly app: AttackedApp;
  readonly network: Network;
  readonly homes: readonly OwnerAtHome[];
  readonly dataFolder: string;
}

async function attack({ app, network, homes, side, plan, progress, signal, dataFolder }: Scene): Promise<SideReport> {
  await checkSources(network, plan);
  const botnet = createBotnet({ network, sources: plan.attacker.sources, signal });
  const ordinary = createOrdinaryUsers({ seed: plan.seed, users: plan.ordinary, network, signal });
  const recorder = createRecorder();
  const stage = { side, plan, botnet, ordinary, recorder, progress };
  const secondFactor = side === 'mandatory' ? await playAgainstSecondFactor(stage, homes, network) : undefined;
  const findings = secondFactor === undefined ? (await playIncident(stage)).findings : [];
  // What follows is the response; the attack has ended with this.
  const { requests: attackRequests, refusals: attackRefusals } = botnet.counts;
  const response = side === 'protected' ? await respond(stage, { network, dataFolder, baseUrl: app.url, signal }) : undefined;
  const { verdicts, exportedRows, spamSent, phases, growth, pairsTried } = recorder;
  const entered = enteredPairs(recorder, plan);
  const alarmAt = app.firstAlarmAt();
  const firstAlarmMs = alarmAt === undefined ? null : Math.round(alarmAt - recorder.startedAt);
  return {
    side,
    figures: figuresOf({ verdicts, entered, exportedRows, spamSent, firstAlarmMs, ordinary: ordinary.counts }, plan.attacker.pairs),
    findings,
    verdicts,
    entered,
    phases,
    growth,
    attackRequests,
    attackRefusals,
    pairsTried,
    victimsWarned: await countWarned(network, plan),
    secondFactor,
    response,
  };
}

function enteredPairs({ sessions }: Recorder, { attacker }: Plan): SideReport['entered'] {
  const pairOf = new Map(attacker.pairs.map((pair) => [pair.email, pair]));
  return sessions.flatMap(({ email, source }) => {
    const pair = pairOf.get(email);
    return pair === undefined ? [] : [{ ...pair, source }];
  });
}

/** Looks into the app's outbox, which no attacker can. */
async function countWarned(network: Network, { ordinary, attacker }: Plan): Promise<number> {
  const victims = new Set(attacker.pairs.filter(({ registered }) => registered).map(({ email }) => email));
  const mails = await mailsTo(undefined, (request) => network.send(ordinary[0]?.source ?? '127.0.0.1', request));
  const warned = mails.filter(({ text }) => text.includes('list of stolen passwords')).map(({ to }) => to);
  return new Set(warned.filter((email) => victims.has(email))).size;
}
