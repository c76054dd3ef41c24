/**
 * Why nobody can say. All of them mean the same to a user; they are for logs and for the decision to look again.
 *
 * - `invalid-input`: not a string, not well-formed Unicode, or longer than any password that is accepted.
 * - `timeout`: the budget ran out. `unreachable`: no connection, or it broke before an answer began.
 * - `cut-off`: the answer ended before it was complete. `bad-status`: anything but 200; redirects are not followed.
 * - `not-a-range`: a 200 without a single row. `too-large`: more than 1 MiB.
 * - `breaker-open`: the service failed several times in a row and is left alone for a while.
 * - `known-bad-prefix`: the service answered this prefix wrongly a moment ago. `overloaded`: too many lookups are under way.
 * - `source-failed`: a source of the app's own rejected or answered nonsense.
 */
export type BreachUnknownReason = (typeof unknownReasons)[number];

const unknownReasons = [
  'invalid-input',
  'timeout',
  'unreachable',
  'cut-off',
  'bad-status',
  'not-a-range',
  'too-large',
  'breaker-open',
  'known-bad-prefix',
  'overloaded',
  'source-failed',
] as const;

/** Whether a password is known to attackers. `count` is how often it was seen, at least 1; 1 where a source has no count. */
export type BreachVerdict =
  | { readonly verdict: 'clean' }
  | { readonly verdict: 'breached'; readonly count: number }
  | { readonly verdict: 'unknown'; readonly reason: BreachUnknownReason };

/** One password, and how long its caller can wait for the answer, ms. */
export interface BreachQuestion {
  readonly password: string;
  readonly budgetMs: number;
}

/** Somebody who knows leaked passwords. `check` never rejects: who cannot answer says `unknown`. */
export interface BreachSource {
  /** For events and logs. */
  readonly name: string;
  /** True when no network is involved: such sources are asked first. Absent: false. */
  readonly local?: boolean;
  check(question: BreachQuestion): Promise<BreachVerdict>;
}

export const clean: BreachVerdict = Object.freeze({ verdict: 'clean' });

export function breached(count: number): BreachVerdict {
  return { verdict: 'breached', count };
}

export function unknown(reason: BreachUnknownReason): BreachVerdict {
  return { verdict: 'unknown', reason };
}

/**
 * What a source of the app's own answered, as a fresh verdict. Throws a TypeError for anything else: `undefined`, or a
 * count of NaN, must not pass as clean, and what a stranger's object holds must not reach a log.
 */
export function readVerdict(given: unknown): BreachVerdict {
  const { verdict, count, reason } = given as { readonly verdict?: unknown; readonly count?: unknown; readonly reason?: unknown };
  if (verdict === 'clean') return clean;
  if (verdict === 'breached' && Number.isSafeInteger(count) && (count as number) >= 1) return breached(count as number);
  const known = unknownReasons.find((word) => word === reason);
  if (verdict === 'unknown' && known !== undefined) return unknown(known);
  throw new TypeError('not a verdict');
}

/** Several verdicts as one: the highest count of any hit, else the first `unknown`, else clean. */
export function worst(verdicts: readonly BreachVerdict[]): BreachVerdict {
  let result = clean;
  for (const next of verdicts) {
    if (next.verdict === 'breached' && (result.verdict !== 'breached' || next.count > result.count)) result = next;
    if (next.verdict === 'unknown' && result.verdict === 'clean') result = next;
  }
  return result;
}

/** More than any password policy accepts; beyond it normalizing and hashing would only cost the event loop. */
const maxPasswordChars = 4096;

/**
 * The forms of a password under which a corpus may know it: as given, and in NFC where that differs (a corpus holds what
 * people typed, SP 800-63B-4 section 3.1.1.2 has verifiers normalize). Undefined for what cannot be looked up: in UTF-8
 * every lone surrogate becomes U+FFFD, so another password would be asked for.
 */
export function formsOf(password: unknown): readonly string[] | undefined {
  if (typeof password !== 'string' || password.length > maxPasswordChars || !password.isWellFormed()) return undefined;
  const composed = password.normalize('NFC');
  return composed === password ? [password] : [password, composed];
}

/** Beyond it a timer of Node's (2^31 - 1 ms) fires at once, and nobody waits for a password form that long. */
const maxBudgetMs = 60_000;

/** A budget as a wait from 0 to 60,000 ms; 0 for what is no number. */
export function usableBudgetMs(given: unknown): number {
  return typeof given === 'number' && given > 0 ? Math.min(given, maxBudgetMs) : 0;
}
