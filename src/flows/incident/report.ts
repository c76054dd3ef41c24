import { StoreError } from '../../kernel/errors.ts';
import { cleanLabel } from '../../kernel/label.ts';
import { readOptions } from '../../kernel/options.ts';
import { createAffectedList, type Affected, type AffectedBecause, type AffectedList } from './affected-list.ts';
import { stepOf, totalOf, type ContainStep } from './contain-report.ts';
import { stoppable } from './find.ts';
import type { IncidentParts } from './parts.ts';
import { incidentId } from './plan.ts';
import { stepNames, type IncidentBook, type IncidentLift, type IncidentRecord, type StepData } from './record.ts';
import { htmlOf, textOfReport } from './report-forms.ts';

/** What an account changed. `key`, `export`, `campaign` and `other` are what the app itself tells. */
export interface AccountChange {
  readonly atMs: number;
  readonly kind: 'address' | 'password' | 'factors' | 'browser' | 'session' | 'key' | 'export' | 'campaign' | 'other';
  /** The name of an event of the audit log, or a line of the app's. */
  readonly what: string;
}

/** One affected account. `truncated`: it changed more than is listed. */
export interface AffectedAccount {
  readonly accountId: string;
  readonly because: AffectedBecause;
  readonly signedInAtMs?: number;
  readonly changes: readonly AccountChange[];
  readonly truncated: boolean;
}

/** `afterMs`: since the first entry; below 0 for what was before it. */
export interface TimelineLine {
  readonly atMs: number;
  readonly afterMs: number;
  readonly what: string;
  /** How long it took. */
  readonly tookMs?: number;
}

/** What happened, as data. Times are wall-clock ms. */
export interface IncidentFacts {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  readonly complete: boolean;
  /** The first sign-in from the attack's sources; absent where none is known. */
  readonly firstEntryMs?: number;
  readonly timeline: readonly TimelineLine[];
  readonly affected: number;
  /** The first thousand. */
  readonly accounts: readonly AffectedAccount[];
  readonly truncated: boolean;
  readonly steps: readonly ContainStep[];
  readonly lift?: IncidentLift;
}

/** The facts, and the same as text, JSON and HTML that can be pasted into a postmortem. */
export interface IncidentReport {
  readonly facts: IncidentFacts;
  readonly text: string;
  readonly json: string;
  readonly html: string;
}

const maxAccounts = 1_000;
const maxChanges = 20;
const maxWhatChars = 200;
const monthMs = 30 * 86_400_000;
const latestMs = 8.64e15;

/** Changes that somebody who is in makes to stay in, by the events that tell of them. */
const kinds: Readonly<Record<string, AccountChange['kind']>> = Object.freeze({
  'email-change.requested': 'address',
  'email-change.succeeded': 'address',
  'password-change.succeeded': 'password',
  'password-reset.succeeded': 'password',
  'factor.enrolled': 'factors',
  'factor.removed': 'factors',
  'factor.suspended': 'factors',
  'factor.restored': 'factors',
  'recovery-codes.issued': 'factors',
  'recovery-code.used': 'factors',
  'mfa.factors-removed': 'factors',
  'device.remembered': 'browser',
  'session.ended': 'session',
  'session.epoch-raised': 'session',
});
const activityKinds: readonly AccountChange['kind'][] = ['key', 'export', 'campaign', 'other'];

interface Listing {
  readonly total: number;
  readonly first: readonly Affected[];
  readonly firstEntryMs: number | undefined;
}

/** The first thousand, and the first sign-in of all. */
async function listingOf(list: AffectedList, chunks: number): Promise<Listing> {
  const first: Affected[] = [];
  let earliestMs = Infinity;
  for (let at = 0; at < chunks; at += 1) {
    for (const one of await list.read(at)) {
      if (first.length < maxAccounts) first.push(one);
      if (one.atMs !== undefined && isTime(one.atMs)) earliestMs = Math.min(earliestMs, one.atMs);
    }
  }
  return { total: totalOf(await list.counts(chunks)), first, firstEntryMs: earliestMs === Infinity ? undefined : earliestMs };
}

/** Makes `report`. */
export function createReport(parts: IncidentParts, book: IncidentBook): (order: unknown) => Promise<IncidentReport | undefined> {
  const { records, clock, keepForMs } = parts;

  return async function report(given) {
    const { id } = readOptions('incident.report', given, { id: incidentId });
    const record = await book.read(id);
    if (record === undefined) return undefined;
    const list = createAffectedList({ records, run: record.run, expiresAtMs: () => clock.nowMs() + keepForMs });
    const listing = await listingOf(list, record.chunks);
    const changes = await changesOf(parts, listing, spanOf(record, listing, clock.nowMs()));
    const facts = factsOf(record, listing, changes);
    return Object.freeze({ facts, text: textOfReport(facts), json: JSON.stringify(facts, null, 2), html: htmlOf(facts) });
  };
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** From the first entry until the sessions had ended: what came later was the owner's. */
function spanOf({ plan, beganMs, steps }: IncidentRecord, { firstEntryMs }: Listing, nowMs: number): Span {
  const { state, endedMs } = steps.sessions ?? {};
  return { fromMs: plan.fromMs ?? firstEntryMs ?? Math.max(0, beganMs - monthMs), untilMs: state === 'done' && endedMs !== undefined ? endedMs : nowMs };
}

type Changes = ReadonlyMap<string, { readonly changes: AccountChange[]; truncated: boolean }>;

async function changesOf({ entries, activity }: IncidentParts, { first }: Listing, span: Span): Promise<Changes> {
  const byAccount = new Map(first.map(({ accountId }) => [accountId, { changes: [] as AccountChange[], truncated: false }]));
  const accountIds = [...byAccount.keys()];

  function note(accountId: unknown, change: AccountChange): void {
    const found = typeof accountId === 'string' ? byAccount.get(accountId) : undefined;
    if (found === undefined || change.what === '' || !isTime(change.atMs)) return;
    if (found.changes.length < maxChanges) found.changes.push(change);
    else found.truncated = true;
  }

  if (accountIds.length === 0) return byAccount;
  if (entries !== undefined) {
    for await (const entry of stoppable(entries({ accountIds, events: Object.keys(kinds), ...span }), undefined)) {
      const { account, event, time, details } = Object(entry) as { readonly account?: unknown; readonly event?: unknown; readonly time?: unknown; readonly details?: unknown };
      if (typeof event !== 'string' || typeof time !== 'string') throw new StoreError('incident.entries: expected entries of the audit log');
      const kind = Object.hasOwn(kinds, event) ? kinds[event] : undefined;
      // Sessions that an operator ended, and this incident, were not ended by who was in.
      const byOther = kind === 'session' && (Object(details) as { readonly by?: unknown }).by !== account;
      if (kind !== undefined && !byOther) note(account, { atMs: Date.parse(time), kind, what: event });
    }
  }
  if (activity !== undefined) {
    for await (const one of stoppable(activity({ accountIds, ...span }), undefined)) {
      const { accountId, atMs, kind, what } = Object(one) as { readonly accountId?: unknown; readonly atMs?: unknown; readonly kind?: unknown; readonly what?: unknown };
      note(accountId, { atMs: atMs as number, kind: activityKinds.find((each) => each === kind) ?? 'other', what: cleanLabel(what, maxWhatChars) });
    }
  }
  return byAccount;
}

function factsOf(record: IncidentRecord, { total, first, firstEntryMs }: Listing, changes: Changes): IncidentFacts {
  const { id, reason, by, finishedMs, lift } = record;
  const accounts = first.map(({ accountId, because, atMs }): AffectedAccount => {
    const { changes: found = [], truncated = false } = changes.get(accountId) ?? {};
    return { accountId, because, ...(atMs !== undefined && { signedInAtMs: atMs }), changes: found.toSorted((one, other) => one.atMs - other.atMs), truncated };
  });
  return Object.freeze({
    id,
    reason,
    by,
    complete: finishedMs !== undefined,
    ...(firstEntryMs !== undefined && { firstEntryMs }),
    timeline: timelineOf(record, firstEntryMs),
    affected: total,
    accounts,
    truncated: total > accounts.length,
    steps: stepNames.map((step) => stepOf(record, step)),
    ...(lift !== undefined && { lift }),
  } satisfies IncidentFacts);
}

const stepWords: Readonly<Record<ContainStep['step'], string>> = Object.freeze({
  'read-only': 'read-only mode switched on',
  sessions: 'sessions ended',
  find: 'affected accounts found',
  resets: 'passwords of the affected marked for replacement',
  'second-factor': 'second factor made mandatory',
  'find-exposed': 'accounts with addresses in leaks found',
  'tell-affected': 'owners of affected accounts told',
  'tell-others': 'everybody else asked for a second factor',
});

function shutWords({ marks, doors }: StepData): string {
  return [...(marks === false ? [] : [stepWords.resets]), ...(doors === true ? ['browsers of the affected forgotten and their reset links ended'] : [])].join(', ');
}

/** In the order of the steps where two have the same time: a clock that was set back must not turn it around. */
function timelineOf(record: IncidentRecord, firstEntryMs: number | undefined): readonly TimelineLine[] {
  const { beganMs, plan, steps, lift } = record;
  const startMs = firstEntryMs ?? plan.fromMs ?? beganMs;
  const line = (atMs: number, what: string, tookMs?: number): TimelineLine => ({ atMs, afterMs: atMs - startMs, what, ...(tookMs !== undefined && { tookMs }) });
  const lines: TimelineLine[] = [];
  if (plan.fromMs !== undefined) lines.push(line(plan.fromMs, 'attack began'));
  if (firstEntryMs !== undefined) lines.push(line(firstEntryMs, 'first entry: a sign-in from a source of the attack'));
  if (plan.noticedMs !== undefined) lines.push(line(plan.noticedMs, 'attack noticed'));
  lines.push(line(beganMs, plan.noticedMs === undefined ? 'attack noticed, containment ordered' : 'containment ordered'));
  for (const name of stepNames) {
    const step = steps[name];
    if (step === undefined) continue;
    const did = name === 'resets' ? shutWords(step.data) : stepWords[name];
    const words = step.state === 'done' ? did : `${did}: ${step.state === 'failed' ? 'failed' : 'under way'}`;
    lines.push(line(step.endedMs ?? step.beganMs, words, step.tookMs));
  }
  if (lift !== undefined) lines.push(line(lift.atMs, 'read-only mode lifted'));
  return lines;
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) <= latestMs;
}
