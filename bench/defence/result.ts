import type { Assault } from './assault.ts';
import type { AttackerId } from './attackers/attack.ts';
import { dayMs } from './scenario.ts';
import { shareOf, type HarmByGroup } from './tally.ts';
import type { CausedAlarm, World } from './world.ts';

/** What `--json` holds of a run: these fields and no more. */
export interface ResultRow {
  readonly policy: string;
  /** `legit` for a run without an attacker. */
  readonly attacker: AttackerId | 'legit';
  readonly seed: number;
  /** `null` where no account could be taken. */
  readonly takeoverShare: number | null;
  readonly yieldPerIp: number | null;
  /** `null` where no alarm was the attack's. */
  readonly detectionMs: number | null;
  readonly ordinaryDeniedShare: number;
  readonly ordinaryFailedShare: number;
  readonly stepUpShare: number;
  readonly bytes: number;
}

/** A run in full, for the report. */
export interface RunResult extends ResultRow {
  readonly scenario: string;
  /** Of the policy's tables when the attack began; `bytes` is when it ended, or at the end of a run without one. */
  readonly bytesBefore: number;
  readonly vulnerable: number;
  readonly entered: number;
  readonly sent: number;
  readonly verifiedPerIpDay: number | null;
  /** Time to the first alarm of the attack by its kind. */
  readonly detectionByKind: Readonly<Record<string, number>>;
  readonly beforeAlarm: { readonly sent: number; readonly entered: number } | null;
  /** Alarms of ordinary traffic, by kind, per 28 days. */
  readonly falseAlarms: Readonly<Record<string, number>>;
  readonly overall: HarmByGroup;
  readonly inWindow: HarmByGroup | null;
  readonly victims: HarmByGroup | null;
  /** Shares of the users who came. */
  readonly users: { readonly denied: number; readonly failed: number; readonly stepUps: number };
  readonly signUpsDenied: number;
  /** Passwords replaced on the policy's word, as a share of all accounts. */
  readonly replaced: number;
  readonly stillBlocked: number | null;
  /** Guesses verified beyond the policy's own limit by parallel attempts. */
  readonly overshoot: number | null;
  /** Digest of all decisions and alarms in order. Results that were kept before there was one have none. */
  readonly decisions?: string;
}

type Window = { readonly fromMs: number; readonly toMs: number } | undefined;

export function resultOf(world: World, assault: Assault | undefined, window: Window): RunResult {
  const { policy, tally, traffic } = world;
  const { overall, inWindow } = tally;
  const harm = assault === undefined ? overall.all : inWindow.all;
  const detection = detectionOf(world.alarms, assault, window);
  const { came, ...users } = tally.users();
  return {
    policy: policy.name,
    attacker: assault?.attack.id ?? 'legit',
    seed: traffic.seed,
    scenario: traffic.scenario.id,
    ...achieved(assault),
    ...leftBehind(world, assault),
    detectionMs: firstOf(detection),
    detectionByKind: detection,
    falseAlarms: falseAlarmsOf(world.alarms, traffic.scenario.days, window),
    ordinaryDeniedShare: shareOf(harm.denied, harm),
    ordinaryFailedShare: shareOf(harm.failed, harm),
    stepUpShare: shareOf(harm.stepUps, harm),
    overall,
    inWindow: assault === undefined ? null : inWindow,
    users: { denied: users.denied / came, failed: users.failed / came, stepUps: users.stepUps / came },
    signUpsDenied: tally.signUpsDenied,
    replaced: tally.replaced / traffic.population.accounts,
    overshoot: null,
    decisions: world.decisions.digest(),
  };
}

function achieved(assault: Assault | undefined): Pick<RunResult, 'takeoverShare' | 'yieldPerIp' | 'vulnerable' | 'entered' | 'sent' | 'verifiedPerIpDay'> {
  if (assault === undefined) return { takeoverShare: null, yieldPerIp: null, vulnerable: 0, entered: 0, sent: 0, verifiedPerIpDay: null };
  const { attack, vulnerable, entered, sent, verified } = assault;
  const taken = [...entered].filter((user) => vulnerable.has(user)).length;
  const days = Math.max(1, Math.ceil((attack.lastMs - attack.firstMs) / dayMs));
  return {
    takeoverShare: vulnerable.size === 0 ? null : taken / vulnerable.size,
    yieldPerIp: entered.size / attack.addresses,
    vulnerable: vulnerable.size,
    entered: entered.size,
    sent,
    verifiedPerIpDay: verified / attack.addresses / days,
  };
}

/** What the attack, or the run without one, leaves in the policy and with the attack's victims. */
function leftBehind({ policy, tally }: World, assault: Assault | undefined): Pick<RunResult, 'bytes' | 'bytesBefore' | 'victims' | 'stillBlocked' | 'beforeAlarm'> {
  const bytes = policy.bytes();
  if (assault === undefined) return { bytes, bytesBefore: bytes, victims: null, stillBlocked: null, beforeAlarm: null };
  const { attack, bytesAfter = bytes, bytesBefore, atAlarm = null } = assault;
  return { bytes: bytesAfter, bytesBefore, victims: attack.victims === undefined ? null : tally.victims, stillBlocked: attack.stillBlocked?.() ?? null, beforeAlarm: atAlarm };
}

/** Alarms that the attack caused: raised by its own attempts, or about everybody's traffic while it lasts. */
function isOfAttack({ by, because, atMs }: CausedAlarm, window: Window): boolean {
  if (by === 'attacker') return true;
  return because === 'everybody' && window !== undefined && atMs >= window.fromMs && atMs < window.toMs;
}

function detectionOf(alarms: readonly CausedAlarm[], assault: Assault | undefined, window: Window): Readonly<Record<string, number>> {
  const first: Record<string, number> = {};
  if (assault === undefined) return first;
  for (const alarm of alarms) {
    if (!isOfAttack(alarm, window) || alarm.kind in first) continue;
    first[alarm.kind] = alarm.atMs - assault.attack.firstMs;
  }
  return first;
}

function firstOf(detection: Readonly<Record<string, number>>): number | null {
  const times = Object.values(detection);
  return times.length === 0 ? null : Math.min(...times);
}

function falseAlarmsOf(alarms: readonly CausedAlarm[], days: number, window: Window): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const alarm of alarms) if (!isOfAttack(alarm, window)) counts[alarm.kind] = (counts[alarm.kind] ?? 0) + 28 / days;
  return counts;
}

/** The ten fields of `--json`. */
export function rowOf({ policy, attacker, seed, takeoverShare, yieldPerIp, detectionMs, ordinaryDeniedShare, ordinaryFailedShare, stepUpShare, bytes }: RunResult): ResultRow {
  return { policy, attacker, seed, takeoverShare, yieldPerIp, detectionMs, ordinaryDeniedShare, ordinaryFailedShare, stepUpShare, bytes };
}
