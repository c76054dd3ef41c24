import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttackedApp, Side, StartApp } from './apps.ts';
import { createBotnet } from './attack/botnet.ts';
import type { DoorFinding, Verdict } from './attack/enumerate.ts';
import { figuresOf, type Figures } from './figures.ts';
import { createOrdinaryUsers } from './ordinary.ts';
import { playIncident } from './phases.ts';
import type { LeakedPair, Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { createRecorder, type Growth, type PhaseReport, type Recorder } from './recorder.ts';
import { checkSources } from './sources.ts';
import { createNetwork, jsonOf, type Network } from './wire.ts';

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

/** Starts one of the apps and plays the whole incident against it. */
export async function runSide({ side, plan, startApp, breachUrl, folder, progress, signal }: SideOptions): Promise<SideReport> {
  mkdirSync(folder, { recursive: true });
  const seedFile = join(folder, 'seed.json');
  writeFileSync(seedFile, JSON.stringify(plan.appSeed));
  const app = await progress.phase(`${side.padEnd(11)}  ${'starting the app'.padEnd(32)}`, () => `${plan.appSeed.teams.length} teams`, () => startApp({ side, dataFolder: join(folder, 'data'), seedFile, breachUrl }));
  const ended = new AbortController();
  const network = createNetwork(app.url, AbortSignal.any([signal, ended.signal]));
  try {
    signal.throwIfAborted();
    return await Promise.race([attack({ app, network, side, plan, progress, signal: AbortSignal.any([signal, ended.signal]) }), app.died]);
  } finally {
    ended.abort();
    await network.close();
    await app.stop();
  }
}

interface Scene extends Pick<SideOptions, 'side' | 'plan' | 'progress' | 'signal'> {
  readonly app: AttackedApp;
  readonly network: Network;
}

async function attack({ app, network, side, plan, progress, signal }: Scene): Promise<SideReport> {
  await checkSources(network, plan);
  const botnet = createBotnet({ network, sources: plan.attacker.sources, signal });
  const ordinary = createOrdinaryUsers({ seed: plan.seed, users: plan.ordinary, network, signal });
  const recorder = createRecorder();
  const { findings } = await playIncident({ side, plan, botnet, ordinary, recorder, progress });
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
    attackRequests: botnet.counts.requests,
    attackRefusals: botnet.counts.refusals,
    pairsTried,
    victimsWarned: await countWarned(network, plan),
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
  const { mails } = jsonOf(await network.send(ordinary[0]?.source ?? '127.0.0.1', { path: '/mails' }));
  const victims = new Set(attacker.pairs.filter(({ registered }) => registered).map(({ email }) => email));
  const warned = Array.isArray(mails) ? mails.flatMap((mail: unknown) => warnedBy(mail)) : [];
  return new Set(warned.filter((email) => victims.has(email))).size;
}

function warnedBy(mail: unknown): readonly string[] {
  if (typeof mail !== 'object' || mail === null || !('to' in mail) || !('text' in mail)) return [];
  return typeof mail.to === 'string' && String(mail.text).includes('list of stolen passwords') ? [mail.to] : [];
}
