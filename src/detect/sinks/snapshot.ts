import { boundedKey, detached, digestedKey } from '../../kernel/bounded-key.ts';
import { cleanLabel } from '../../kernel/label.ts';
import type { Alarm, EnteredAccount } from '../../ports/alarm.ts';
import { alarmKinds, isAlarmKind } from '../kinds.ts';

const maxSources = 20;
const maxIds = 100;
const maxEntered = 1_000;
const maxEvidence = 32;
const maxIdChars = 256;
const maxWordChars = 200;
const maxSummaryChars = 300;
/** The last moment that a date can be of. */
const maxMs = 8.64e15;

type Given = Readonly<Record<string, unknown>>;

/**
 * A copy of an alarm, bounded and frozen: it waits in queues while the monitor counts on. Undefined for what is no alarm.
 * Throws only where a getter of it does.
 */
export function snapshotOf(alarm: unknown): Alarm | undefined {
  if (!isObject(alarm)) return undefined;
  const { id, kind, level, sinceMs, lastMs, count } = alarm;
  if (typeof id !== 'string' || id === '' || !isAlarmKind(kind)) return undefined;
  if (level !== 'elevated' && level !== 'attack') return undefined;
  if (!isTime(sinceMs) || !isTime(lastMs) || !isCount(count)) return undefined;
  const { oat } = alarmKinds[kind];
  const accounts = isObject(alarm['accounts']) ? alarm['accounts'] : {};
  const entered = enteredOf(alarm['entered']);
  const ids = texts(accounts['ids'], maxIds, maxIdChars);
  return Object.freeze({
    // Not cleaned, which would make one of two.
    id: cleanLabel(id.slice(0, maxIdChars), maxIdChars) === id ? detached(boundedKey(id)) : digestedKey(id),
    kind,
    ...(oat !== undefined && { oat }),
    level,
    sinceMs,
    lastMs,
    count,
    cause: cleanLabel(alarm['cause'], maxWordChars),
    sources: texts(alarm['sources'], maxSources, maxWordChars),
    accounts: Object.freeze({ total: isCount(accounts['total']) ? accounts['total'] : ids.length, ids }),
    entered,
    enteredTotal: isCount(alarm['enteredTotal']) ? Math.max(alarm['enteredTotal'], entered.length) : entered.length,
    isSpread: alarm['isSpread'] === true,
    isOver: alarm['isOver'] === true,
    evidence: evidenceOf(alarm['evidence']),
    summary: cleanLabel(alarm['summary'], maxSummaryChars),
  });
}

function texts(given: unknown, max: number, maxChars: number): readonly string[] {
  return Object.freeze(listOf(given, max).map((text) => cleanLabel(text, maxChars)).filter((text) => text !== ''));
}

function enteredOf(given: unknown): readonly EnteredAccount[] {
  return Object.freeze(listOf(given, maxEntered).flatMap((entry) => {
    if (!isObject(entry) || !isTime(entry['atMs'])) return [];
    const accountId = cleanLabel(entry['accountId'], maxIdChars);
    // Where nobody says, it is a stranger.
    const said = { knownDevice: entry['knownDevice'] === true, passwordOnly: entry['passwordOnly'] === true };
    return accountId === '' ? [] : [Object.freeze({ accountId, atMs: entry['atMs'], source: cleanLabel(entry['source'], maxWordChars), ...said })];
  }));
}

function evidenceOf(given: unknown): Alarm['evidence'] {
  const evidence: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(isObject(given) ? given : {}).slice(0, maxEvidence)) {
    // A word of the detector's code: no network and no address can be one.
    if (!/^[a-z][a-z0-9]{0,63}$/i.test(name)) continue;
    if (typeof value === 'string') evidence[name] = cleanLabel(value, maxWordChars);
    else if (Number.isFinite(value)) evidence[name] = value as number;
  }
  return Object.freeze(evidence);
}

function listOf(given: unknown, max: number): readonly unknown[] {
  return Array.isArray(given) ? given.slice(0, max) : [];
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null;
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value) && Math.abs(value as number) <= maxMs;
}

function isCount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}
