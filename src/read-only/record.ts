import { readJson, unreadableRecord } from '../kernel/json-record.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { ReadOnlyScope, ReadOnlyStrictness, ReadOnlySwitch } from './types.ts';

/**
 * All switches, in one record: whoever reads it sees one moment. `born` is random and made with the record; `revision` grows
 * with each write. Together they tell a record that was changed from one that was lost or put back from a backup.
 */
export interface SwitchRecord {
  readonly born: string;
  readonly revision: number;
  readonly switches: readonly ReadOnlySwitch[];
}

export const recordKey = 'read-only:switches';

/** How many switches a record may hold at the very most, whoever wrote it. */
export const mostScopes = 1_000;
export const maxIdChars = 256;

const strictness: Readonly<Record<ReadOnlyStrictness, number>> = Object.freeze({ sensitive: 1, writes: 2, all: 3 });

/** What a Date can hold: pages show these times. */
const latestMs = 8.64e15;

export function isStricter(one: ReadOnlySwitch, other: ReadOnlySwitch | undefined): boolean {
  return other === undefined || strictness[one.level] > strictness[other.level];
}

/** The kind goes first and holds no space, so that no id makes the name of another scope. */
export function scopeName(scope: ReadOnlyScope): string {
  return scope.kind === 'everyone' ? 'everyone' : `${scope.kind} ${scope.id}`;
}

/** By the wall clock: set back, it keeps the switch on for longer and never for less. */
export function isOn({ untilMs }: ReadOnlySwitch, nowMs: number): boolean {
  return untilMs === undefined || nowMs < untilMs;
}

/** The record, undefined where there is none. */
export async function readRecord(records: RecordStore): Promise<SwitchRecord | undefined> {
  const read: unknown = await readJson(records, recordKey);
  // Null or false for "none" is a broken store: it must not lift anything.
  return read === undefined ? undefined : checkedRecord((Object(read) as { readonly value?: unknown }).value);
}

/** What was read, or ERR_STORE: a record that cannot be understood is a broken store and never "off". */
export function checkedRecord(value: unknown): SwitchRecord {
  const { born, revision, switches } = Object(value) as Partial<Record<keyof SwitchRecord, unknown>>;
  if (typeof born !== 'string' || born === '' || born.length > 64 || !Number.isSafeInteger(revision) || (revision as number) < 1) throw unreadable();
  if (!Array.isArray(switches) || switches.length > mostScopes) throw unreadable();
  const checked = switches.map(checkedSwitch);
  if (new Set(checked.map(({ scope }) => scopeName(scope))).size < checked.length) throw unreadable();
  return Object.freeze({ born, revision: revision as number, switches: Object.freeze(checked) });
}

function checkedSwitch(value: unknown): ReadOnlySwitch {
  const { level, scope, reason, by, sinceMs, untilMs } = Object(value) as Partial<Record<keyof ReadOnlySwitch, unknown>>;
  if (typeof level !== 'string' || !Object.hasOwn(strictness, level)) throw unreadable();
  if (!isTime(sinceMs) || (untilMs !== undefined && !isTime(untilMs))) throw unreadable();
  return Object.freeze({
    level: level as ReadOnlyStrictness,
    scope: checkedScope(scope),
    // Words that were lost lift nothing.
    reason: typeof reason === 'string' ? reason : '',
    by: typeof by === 'string' ? by : '',
    sinceMs: sinceMs as number,
    ...(untilMs !== undefined && { untilMs: untilMs as number }),
  });
}

function checkedScope(value: unknown): ReadOnlyScope {
  const { kind, id } = Object(value) as { readonly kind?: unknown; readonly id?: unknown };
  if (kind === 'everyone') return Object.freeze({ kind });
  if ((kind !== 'organization' && kind !== 'user') || typeof id !== 'string' || id === '' || id.length > maxIdChars) throw unreadable();
  return Object.freeze({ kind, id });
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) <= latestMs;
}

function unreadable(): Error {
  return unreadableRecord('records: expected the switches of read-only mode in a record of the kind "read-only"');
}

/**
 * What holds, of what this process knew and what it found. A record that was removed, made anew or put back to an older state
 * has lost orders: then both hold together, the stricter of each scope. The answer is the found one itself where that is all.
 */
export function reconciled(known: SwitchRecord | undefined, found: SwitchRecord | undefined, nowMs: number): SwitchRecord | undefined {
  if (known === undefined) return found;
  if (found !== undefined && found.born === known.born && found.revision >= known.revision) return found;
  const merged = mergedSwitches(known.switches, found?.switches ?? [], nowMs);
  if (merged === undefined) return found;
  return Object.freeze({ born: found?.born ?? known.born, revision: Math.max(known.revision, found?.revision ?? 0) + 1, switches: merged });
}

/** Both together, or undefined where those that are known add nothing. */
function mergedSwitches(known: readonly ReadOnlySwitch[], found: readonly ReadOnlySwitch[], nowMs: number): readonly ReadOnlySwitch[] | undefined {
  const merged = new Map(found.map((each) => [scopeName(each.scope), each]));
  const missing = known.filter((each) => {
    const other = merged.get(scopeName(each.scope));
    return isOn(each, nowMs) && (other === undefined || !isOn(other, nowMs) || isStricter(each, other));
  });
  for (const each of missing) merged.set(scopeName(each.scope), each);
  return missing.length === 0 ? undefined : Object.freeze([...merged.values()]);
}
