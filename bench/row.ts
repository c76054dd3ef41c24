/** One measured claim. `met` is 'not shown' where the spread of the rounds covers the goal. */
export interface BenchRow {
  readonly id: string;
  readonly subject: string;
  /** What it was measured beside, in the same run; null where the goal is absolute. */
  readonly peer: string | null;
  readonly value: number;
  readonly unit: string;
  /** value / peer's value, or null without a peer. */
  readonly ratioToPeer: number | null;
  /** The goal in words, e.g. ">= 3x"; null for a row that only informs. */
  readonly goal: string | null;
  readonly met: boolean | 'not shown' | null;
  /** 10th to 90th percentile of the rounds, of the number that the goal speaks of. Shown, not part of the JSON. */
  readonly spread?: { readonly of: 'value' | 'ratio'; readonly low: number; readonly high: number; readonly rounds: number };
}

/** One file of bench/rows exports one of these as `bench`. `run` prints nothing; main prints the rows. */
export interface Bench {
  readonly id: string;
  readonly title: string;
  /** The ids of the rows that `run` answers with, so that `--only` and the tests know them without running it. */
  readonly rows: readonly string[];
  /** How it is measured and what both sides do, in a few sentences for RESULTS.md. */
  readonly method?: string;
  /** Lines of Markdown after the table, drawn from the rows: a chart. */
  readonly chart?: (rows: readonly BenchRow[]) => readonly string[];
  run(): Promise<readonly BenchRow[]>;
}
