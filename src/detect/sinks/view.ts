import { ConfigError } from '../../kernel/errors.ts';
import type { KeyRing, Opened } from '../../kernel/keys.ts';
import { flag, optional, port } from '../../kernel/options.ts';
import type { Alarm, AlarmKind, AlarmLevel, OatId } from '../../ports/alarm.ts';
import { nextOf, summaryOf } from './words.ts';

/** An alarm as it may leave the process. Plain JSON. */
export interface AlarmView {
  readonly id: string;
  readonly kind: AlarmKind;
  readonly oat?: OatId;
  readonly level: AlarmLevel;
  /** ISO 8601 in UTC. */
  readonly since: string;
  readonly last: string;
  readonly count: number;
  readonly cause: string;
  readonly sources: readonly string[];
  readonly accounts: { readonly total: number; readonly ids: readonly string[] };
  readonly entered: readonly EnteredView[];
  readonly enteredTotal: number;
  readonly isSpread: boolean;
  readonly isOver: boolean;
  /** What to do, in a sentence or two. */
  readonly next: string;
  readonly evidence: Readonly<Record<string, number | string>>;
  readonly summary: string;
  /** Whether networks, accounts and causes are in the clear. */
  readonly revealed: boolean;
}

/** Somebody who came in. `at`: ISO 8601 in UTC. */
export interface EnteredView {
  readonly account: string;
  readonly at: string;
  readonly source: string;
  readonly knownDevice: boolean;
  readonly passwordOnly: boolean;
}

export type ViewOf = (alarm: Alarm) => AlarmView;

const binding = 'portcullis/detect/alarm';
/** Texts are sealed at a multiple of it, so that a sealed one tells little by its length. */
const sealedStepChars = 64;

/** How both options of a sink are read. */
export const viewOptions = {
  keys: optional(port<KeyRing>(['digest', 'seal'], undefined, 'createKeyRing()')),
  reveal: flag(false),
};

/**
 * Makes the function that takes out of an alarm what is nobody's business outside: networks and causes are sealed
 * (`openAlarmText` reads them), ids and accounts are keyed digests, and what a detector wrote in words stays behind.
 * Nothing of that for `reveal`. Throws ERR_CONFIG where neither is given.
 */
export function createView(piece: string, { keys, reveal }: { readonly keys: KeyRing | undefined; readonly reveal: boolean }): ViewOf {
  if (reveal) return plainView;
  if (keys === undefined) throw new ConfigError(`${piece}.keys: expected what createKeyRing() makes, or reveal: true, got nothing`);
  return (alarm) => privateView(alarm, keys);
}

function plainView(alarm: Alarm): AlarmView {
  return {
    ...commonOf(alarm),
    id: alarm.id,
    cause: alarm.cause,
    sources: alarm.sources,
    accounts: alarm.accounts,
    entered: alarm.entered.map(({ accountId, atMs, ...rest }) => ({ account: accountId, at: isoOf(atMs), ...rest })),
    evidence: alarm.evidence,
    summary: alarm.summary === '' ? summaryOf(alarm) : alarm.summary,
    revealed: true,
  };
}

function privateView(alarm: Alarm, keys: KeyRing): AlarmView {
  // Each text once: the same network has the same name everywhere in one message.
  const seal = memo((text) => keys.seal('alarm', text.padEnd(Math.ceil(text.length / sealedStepChars) * sealedStepChars), binding));
  const account = memo((id) => `tag:${keys.digest('account', id)}`);
  return {
    ...commonOf(alarm),
    id: `tag:${keys.digest('alarm', alarm.id)}`,
    cause: seal(alarm.cause),
    sources: alarm.sources.map(seal),
    accounts: { total: alarm.accounts.total, ids: alarm.accounts.ids.map(account) },
    entered: alarm.entered.map(({ accountId, atMs, source, ...rest }) => ({ account: account(accountId), at: isoOf(atMs), source: seal(source), ...rest })),
    evidence: Object.fromEntries(Object.entries(alarm.evidence).filter(([, value]) => typeof value === 'number')),
    summary: summaryOf(alarm),
    revealed: false,
  };
}

type Common = Pick<AlarmView, 'kind' | 'oat' | 'level' | 'since' | 'last' | 'count' | 'enteredTotal' | 'isSpread' | 'isOver' | 'next'>;

function commonOf(alarm: Alarm): Common {
  const { kind, oat, level, sinceMs, lastMs, count, enteredTotal, isSpread, isOver } = alarm;
  return { kind, ...(oat !== undefined && { oat }), level, since: isoOf(sinceMs), last: isoOf(lastMs), count, enteredTotal, isSpread, isOver, next: nextOf(alarm) };
}

/**
 * Opens a sealed network or cause of an alarm, for an operator. The answer is `{ ok: true, text }`, or
 * `{ ok: false, reason }` where it is none, was changed, or was sealed by a key that is not on the ring.
 */
export function openAlarmText(keys: KeyRing, sealed: string): { readonly ok: true; readonly text: string } | Extract<Opened, { readonly ok: false }> {
  const opened = keys.open('alarm', sealed, binding);
  return opened.ok ? { ok: true, text: opened.plaintext.toString().trimEnd() } : opened;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function memo(make: (text: string) => string): (text: string) => string {
  const made = new Map<string, string>();
  return (text) => {
    const known = made.get(text) ?? make(text);
    made.set(text, known);
    return known;
  };
}
