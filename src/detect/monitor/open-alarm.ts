import type { Alarm, AlarmKind, AlarmLevel } from '../../ports/alarm.ts';
import { alarmKinds } from '../kinds.ts';
import { counted, figure } from '../figures.ts';
import { createCameIn, type CameIn } from './came-in.ts';
import type { Entry } from './entries.ts';
import { kindTerms } from './levels.ts';
import { createDistinctCount, type DistinctCount } from './recent.ts';

/** One sign of an attack: what a rule found, or one more event of what it has found before. Times are monotonic. */
export interface Sign {
  readonly kind: AlarmKind;
  /** A network, an account, or `everywhere`. */
  readonly cause: string;
  /** The cause is an account. */
  readonly ofAccount?: boolean;
  readonly sources: readonly string[];
  readonly sinceMs: number;
  readonly count: number;
  /** Accounts that were tried, as far as they are known. */
  readonly accountIds?: readonly string[];
  /** Stand for the accounts or names that were tried. */
  readonly marks?: readonly number[];
  /** Where the kind's own does not hold. */
  readonly level?: AlarmLevel;
  readonly spread?: boolean;
  /** Told to people, and the level stays as it is. */
  readonly toldOnly?: boolean;
  /** Whoever told of it tells of its end as well: only after so long without a word is it over, and until then its level stays. */
  readonly holdMs?: number;
  readonly evidence: Readonly<Record<string, number | string>>;
  /** Sign-ins that belong to it whatever else is known. */
  readonly entries?: readonly Entry[];
}

/** An alarm that is on. */
export interface OpenAlarm {
  readonly id: string;
  readonly kind: AlarmKind;
  readonly cause: string;
  readonly ofAccount: boolean;
  readonly sinceMs: number;
  readonly sinceWallMs: number;
  readonly sources: Map<string, number>;
  readonly accountIds: Set<string>;
  readonly tried: DistinctCount;
  readonly cameIn: CameIn;
  level: AlarmLevel;
  spread: boolean;
  toldOnly: boolean;
  holdMs: number | undefined;
  lastMs: number;
  lastWallMs: number;
  count: number;
  evidence: Record<string, number | string>;
  /** Whether this process is the one that tells of it. */
  tells: 'unknown' | 'yes' | 'no';
  askedMs: number;
  toldMs: number;
  toldCount: number;
  toldEntered: number;
  toldLevel: AlarmLevel | undefined;
  /** Causes that came together in it. */
  causes: number;
}

/** Networks that are remembered of one alarm; it names 20. */
export const mostSources = 1_000;
/** Causes that come together in one alarm. */
export const mostCauses = 1_000;
const namedSources = 20;
const mostIds = 100;
/** The cause of what comes from no network and no account. */
export const everywhere = 'everywhere';
/** A spread attack may have come in before it was noticed. */
export const beforeOnsetMs = 86_400_000;

export function openAlarm(id: string, sign: Sign, now: { readonly monotonicMs: number; readonly wallMs: number }): OpenAlarm {
  const { kind, cause, ofAccount = false, sinceMs } = sign;
  return {
    id, kind, cause, ofAccount, sinceMs,
    sinceWallMs: Math.round(Math.max(0, now.wallMs - (now.monotonicMs - sinceMs))),
    sources: new Map(), accountIds: new Set(), tried: createDistinctCount(), cameIn: createCameIn(),
    level: sign.level ?? kindTerms[kind].level,
    spread: sign.spread ?? kindTerms[kind].spread ?? false,
    toldOnly: sign.toldOnly ?? false,
    holdMs: sign.holdMs,
    lastMs: now.monotonicMs, lastWallMs: now.wallMs, count: 0, evidence: {},
    tells: 'unknown', askedMs: -Infinity, toldMs: -Infinity, toldCount: 0, toldEntered: 0, toldLevel: undefined, causes: 0,
  };
}

/** What an alarm did not know before a sign of it. */
export interface NewOfSign {
  /** It was the first one. */
  readonly isFirst: boolean;
  readonly sources: readonly string[];
  readonly accountIds: readonly string[];
}

/** Counts one more sign, and answers what is new with it. */
export function addSign(alarm: OpenAlarm, sign: Sign, now: { readonly monotonicMs: number; readonly wallMs: number }): NewOfSign {
  const isFirst = alarm.count === 0;
  alarm.count += sign.count;
  alarm.holdMs = sign.holdMs;
  alarm.lastMs = now.monotonicMs;
  alarm.lastWallMs = Math.max(now.wallMs, alarm.sinceWallMs);
  const sources = sign.sources.filter((source) => !alarm.sources.has(source)).slice(0, mostSources - alarm.sources.size);
  for (const source of sources) alarm.sources.set(source, 0);
  for (const source of sign.sources) if (alarm.sources.has(source)) alarm.sources.set(source, (alarm.sources.get(source) ?? 0) + 1);
  for (const mark of sign.marks ?? []) alarm.tried.add(mark);
  const accountIds = (sign.accountIds ?? []).filter((id) => !alarm.accountIds.has(id)).slice(0, (alarm.ofAccount ? mostCauses : mostIds) - alarm.accountIds.size);
  for (const accountId of accountIds) alarm.accountIds.add(accountId);
  // What was an attack does not become less by another look.
  if (sign.level === 'attack') alarm.level = 'attack';
  Object.assign(alarm.evidence, sign.evidence);
  for (const entry of sign.entries ?? []) addEntered(alarm, entry);
  return { isFirst, sources, accountIds };
}

export function addEntered(alarm: OpenAlarm, entry: Entry): void {
  alarm.cameIn.add(entry, entry.monotonicMs >= alarm.sinceMs);
}

/** Whether a sign-in belongs to it: from its networks, into its account by a stranger, or by any stranger where it comes from anywhere. */
export function holds(alarm: OpenAlarm, { account, rollUp, monotonicMs }: Entry): boolean {
  const { knownDevice } = account;
  if (alarm.spread && !knownDevice && monotonicMs >= alarm.sinceMs - beforeOnsetMs) return true;
  if (monotonicMs < alarm.sinceMs) return false;
  // Several accounts where many causes have come together.
  if (alarm.ofAccount) return !knownDevice && alarm.accountIds.has(account.accountId);
  return alarm.sources.has(account.source) || alarm.sources.has(rollUp);
}

/** As it stands now: plain data that grows no more. */
export function alarmOf(alarm: OpenAlarm, isOver: boolean): Alarm {
  const { oat } = alarmKinds[alarm.kind];
  const busiest = [...alarm.sources].sort(([, one], [, other]) => other - one);
  return Object.freeze({
    id: alarm.id,
    kind: alarm.kind,
    ...(oat !== undefined && { oat }),
    level: alarm.level,
    sinceMs: alarm.sinceWallMs,
    lastMs: alarm.lastWallMs,
    count: alarm.count,
    cause: alarm.cause,
    sources: Object.freeze(busiest.slice(0, namedSources).map(([source]) => source)),
    accounts: Object.freeze({ total: totalOf(alarm), ids: Object.freeze([...alarm.accountIds].slice(0, mostIds)) }),
    entered: Object.freeze(alarm.cameIn.list()),
    enteredTotal: alarm.cameIn.total(),
    isSpread: alarm.spread,
    isOver,
    evidence: Object.freeze({ ...alarm.evidence, networks: alarm.sources.size }),
    summary: summaryOf(alarm),
  });
}

export function totalOf({ tried, accountIds }: OpenAlarm): number {
  return Math.max(tried.total(), accountIds.size);
}

function summaryOf(alarm: OpenAlarm): string {
  const { title, counted: what } = alarmKinds[alarm.kind];
  const where = alarm.sources.size > 1 ? `${figure(alarm.sources.size)} networks` : alarm.cause;
  const total = totalOf(alarm);
  const count = counted(alarm.count, what.replace(/s$/, ''));
  const tried = total > 0 ? `${count} at ${counted(total, 'account or name', 'accounts or names')} ` : alarm.spread ? '' : `${count} `;
  const since = new Date(Math.min(8.64e15, alarm.sinceWallMs)).toISOString().slice(0, 16).replace('T', ' ');
  const came = alarm.cameIn.total();
  const entered = came === 0 ? 'nobody came in' : alarm.spread ? `${counted(came, 'stranger')} signed in since a day before` : `${counted(came, 'account was', 'accounts were')} entered`;
  return `${title} (${where}): ${tried}since ${since} UTC; ${entered}.`;
}
