import type { AlarmKind } from '../../ports/alarm.ts';
import type { ClientNetwork } from '../../kernel/address.ts';
import { ripeRights, type Places } from './places.ts';
import { triedOf, type Subject } from './read-event.ts';
import { addRecent, countRecent, createRecent, oldestOf, removeRecent, type Recent } from './recent.ts';
import type { Register } from './register.ts';
import { createSuspects, type Suspects } from './suspects.ts';
import type { MonitorTime } from './time.ts';

/** What a network has done in the last hour, by what it counts against. */
export const signals = Object.freeze(['unknown', 'existing', 'failed', 'signUps', 'confirmed', 'forgot', 'tokens', 'codes'] as const);
export type SourceSignal = (typeof signals)[number];

/** Those that count events, and not names. */
const eventSignals: readonly SourceSignal[] = Object.freeze(['tokens', 'codes']);

type Source = Partial<Record<SourceSignal, Recent>> & { ids?: readonly TriedAccount[] };

interface TriedAccount {
  readonly id: string;
  readonly atMs: number;
}

export interface SourceRule {
  readonly kind: AlarmKind;
  readonly counts: SourceSignal;
  /** So many distinct ones in an hour, from a network that no account is known at. */
  readonly from: number;
  /** More for each account that is known there: an office forgets passwords too. */
  readonly forKnown: number;
}

/** OWASP Automated Threats name no numbers. These are what an office with the allowance for its size does not reach. */
export const sourceRules: readonly SourceRule[] = Object.freeze([
  { kind: 'stuffing', counts: 'failed', from: 8, forKnown: 0.5 },
  { kind: 'login-enumeration', counts: 'unknown', from: 10, forKnown: 0.2 },
  { kind: 'signup-enumeration', counts: 'signUps', from: 10, forKnown: 0.2 },
  { kind: 'forgot-enumeration', counts: 'forgot', from: 10, forKnown: 0.4 },
  { kind: 'mass-signup', counts: 'confirmed', from: 10, forKnown: 0.5 },
  { kind: 'token-guessing', counts: 'tokens', from: 10, forKnown: 0.2 },
  { kind: 'recovery-code-guessing', counts: 'codes', from: 10, forKnown: 0.2 },
]);

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** What counts no names counts events: each has a mark of its own. */
const mostMarks = 256;
/** As many as any rule asks for where no account is known. */
const mostMarksUnknown = 32;
/** Accounts of a network that an alarm can name when it begins. */
const mostIds = 16;
/** How much more a whole site of networks (an IPv6 /48) may do than one of them. */
const siteFactor = 2.5;
/** Accounts at which a network has failed: without any, names are only looked up. */
const existingForStuffing = 2;
const keptFrom = 3;

export interface SourceActivity {
  readonly network: string;
  readonly accounts: number;
}

export interface Sources {
  /** Answers whether an alarm of a network is on for it. */
  count(subject: Subject, counted: readonly SourceSignal[], now: MonitorTime): boolean;
  /** What was begun there has been finished by its owner. */
  takeBack(network: ClientNetwork | undefined, counted: readonly SourceSignal[], mark: number | undefined): void;
  /** The networks that have tried most accounts or names in the last hour. */
  busiest(most: number, nowMs: number): readonly SourceActivity[];
  readonly size: () => number;
}

export function createSources({ register, places, young, kept }: { readonly register: Register; readonly places: Places; readonly young: number; readonly kept: number }): Sources {
  const sources: Suspects<Source> = createSuspects<Source>({ young, kept, make: () => ({}), weight: weightOf });

  /** Whether a rule holds now, and by how much. */
  function checkRule(rule: SourceRule, source: Source, key: string, factor: number, subject: Subject, now: MonitorTime): boolean {
    const { monotonicMs: nowMs } = now;
    const set = source[rule.counts];
    const count = countRecent(set, nowMs, hourMs);
    if (set === undefined || count < rule.from / 2) return false;
    const on = register.isOn(rule.kind, key);
    const threshold = thresholdOf(places, rule, key, nowMs, factor);
    if (count < (on ? threshold / 2 : threshold)) return false;
    const existing = countRecent(source.existing, nowMs, hourMs);
    if (rule.kind === 'stuffing' && existing < existingForStuffing) return false;
    register.sign({
      kind: rule.kind, cause: key, sources: [key], sinceMs: oldestOf(set, nowMs), count: on ? 1 : count,
      ...(on ? triedOf(subject) : { accountIds: idsOf(source, nowMs), marks: set.marks }), ...(eventSignals.includes(rule.counts) && { marks: [] }),
      evidence: { distinctInAnHour: count, threshold: Math.round(threshold), knownAccounts: places.knownAt(key, nowMs), ...(rule.kind === 'stuffing' && { existing }) },
    }, now);
    return true;
  }

  function countAt(key: string, factor: number, subject: Subject, counted: readonly SourceSignal[], now: MonitorTime): boolean {
    const source = sources.of(key);
    const mark = subject.mark;
    if (mark === undefined) return false;
    const most = places.knownAt(key, now.monotonicMs) === 0 ? mostMarksUnknown : mostMarks;
    for (const signal of counted) addRecent((source[signal] ??= createRecent()), mark, now.monotonicMs, { windowMs: hourMs, most });
    if (subject.accountId !== undefined) source.ids = [...(source.ids ?? []).filter(({ id }) => id !== subject.accountId), { id: subject.accountId, atMs: now.monotonicMs }].slice(-mostIds);
    if (weightOf(source, now.monotonicMs) >= keptFrom) sources.keep(key, now.monotonicMs);
    let on = false;
    for (const rule of sourceRules) if (counted.includes(rule.counts) && checkRule(rule, source, key, factor, subject, now)) on = true;
    return on;
  }

  return {
    count(subject, counted, now) {
      const { network } = subject;
      if (network === undefined) return false;
      if (countAt(network.key, 1, subject, counted, now)) return true;
      return network.rollUp !== network.key && countAt(network.rollUp, siteFactor, subject, counted, now);
    },
    takeBack(network, counted, mark) {
      if (network === undefined || mark === undefined) return;
      for (const key of [network.key, network.rollUp]) for (const signal of counted) removeRecent(sources.find(key)?.[signal], mark);
    },
    busiest(most, nowMs) {
      const all: SourceActivity[] = [];
      for (const [network, source] of sources.entries()) {
        const accounts = weightOf(source, nowMs);
        if (accounts > 0 && !network.endsWith('/48')) all.push({ network, accounts });
      }
      return all.sort((one, other) => other.accounts - one.accounts).slice(0, most);
    },
    size: sources.size,
  };
}

/** Those of the last hour: a network that is kept is not to be held against people of last month. */
function idsOf({ ids = [] }: Source, nowMs: number): readonly string[] {
  return ids.filter(({ atMs }) => nowMs - atMs < hourMs).map(({ id }) => id);
}

function weightOf(source: Source, nowMs: number): number {
  let most = 0;
  for (const signal of signals) most = Math.max(most, countRecent(source[signal], nowMs, hourMs));
  return most;
}

function thresholdOf(places: Places, { kind, from, forKnown }: SourceRule, network: string, nowMs: number, factor: number): number {
  const known = places.knownAt(network, nowMs);
  const most = (known === 0 ? mostMarksUnknown : mostMarks) - 1;
  const entered = kind === 'stuffing' ? ripeRights(places.find(network), ['entered'], nowMs - dayMs, nowMs).length : 0;
  return Math.min(most, (from + forKnown * (known + entered)) * factor);
}
