import type { Where, WhatIfOutcome, WhatIfVerdict } from './what-if-attempts.ts';

/** Attempts, by what came of them. */
export interface WhatIfCounts {
  readonly attempts: number;
  /** Got in by what they showed. */
  readonly entered: number;
  /** Were asked for a second factor or a mailed link all the same, and got in. */
  readonly askedAnyway: number;
  /** Were asked for it, and went no further. */
  readonly unfinished: number;
  readonly failed: number;
  /** The log has no end of them. */
  readonly unknown: number;
}

export type MutableCounts = { -readonly [N in keyof WhatIfCounts]: number };

const fieldOf = { entered: 'entered', 'asked-anyway': 'askedAnyway', unfinished: 'unfinished', failed: 'failed', unknown: 'unknown' } as const;

export function noCounts(): MutableCounts {
  return { attempts: 0, entered: 0, askedAnyway: 0, unfinished: 0, failed: 0, unknown: 0 };
}

export function count(counts: MutableCounts, outcome: WhatIfOutcome): void {
  counts.attempts += 1;
  counts[fieldOf[outcome]] += 1;
}

/** What is kept of one network or one account. */
export interface Row {
  readonly key: string;
  /** Of a network. */
  readonly where: Where | undefined;
  /** Every attempt, and those that a guard would have done something about. */
  readonly all: MutableCounts;
  readonly judged: MutableCounts;
  readonly verdicts: Record<WhatIfVerdict, number>;
  /** The accounts of a network, or the networks of an account, as far as they are judged. */
  others: Set<string> | undefined;
}

export interface Added {
  readonly outcome: WhatIfOutcome;
  /** Undefined where no guard had anything to say. */
  readonly verdict: WhatIfVerdict | undefined;
  readonly other: string | undefined;
  readonly where?: Where;
}

/** So many are kept when there are twice as many. */
const kept = 20_000;
const maxOthers = 32;
/** Beyond that it is "at least". */
const maxDistinct = 100_000;

/**
 * Counts by network or by account in bounded memory. Exact up to 40,000 of them; then those of the fewest attempts are dropped again and again, those that no
 * guard cared for first, so that the busiest stay. How many there are that a guard cared for is exact up to 100,000.
 */
export function createTop() {
  const rows = new Map<string, Row>();
  const seen = new Set<string>();
  let more = false;
  let dropped = false;

  function prune(): void {
    for (const { key, judged } of [...rows.values()].sort(byAttempts).slice(kept)) {
      rows.delete(key);
      dropped ||= judged.attempts > 0;
    }
  }

  function judge(row: Row, { outcome, verdict, other }: Added & { readonly verdict: WhatIfVerdict }): void {
    if (seen.size < maxDistinct) seen.add(row.key);
    else more ||= !seen.has(row.key);
    count(row.judged, outcome);
    row.verdicts[verdict] += 1;
    row.others ??= new Set();
    if (other !== undefined && row.others.size < maxOthers) row.others.add(other);
  }

  return {
    add(key: string, added: Added): void {
      const { outcome, verdict, where } = added;
      const row: Row = rows.get(key) ?? { key, where, all: noCounts(), judged: noCounts(), verdicts: { refuse: 0, 'step-up': 0 }, others: undefined };
      rows.set(key, row);
      count(row.all, outcome);
      if (verdict !== undefined) judge(row, { ...added, verdict });
      if (rows.size > 2 * kept) prune();
    },
    /** All attempts of one, as far as it is kept apart. */
    of: (key: string): WhatIfCounts | undefined => rows.get(key)?.all,
    /** The busiest first. `atLeast`: there are more; `approximate`: some of the counts may be too low. */
    top: (most: number) => ({ count: seen.size, atLeast: more, approximate: dropped, rows: [...rows.values()].filter(({ judged }) => judged.attempts > 0).sort(byAttempts).slice(0, most) }),
  };
}

function byAttempts(one: Row, other: Row): number {
  return other.judged.attempts - one.judged.attempts || other.judged.entered - one.judged.entered || other.all.attempts - one.all.attempts || (one.key < other.key ? -1 : 1);
}
