import { distinct } from './load.ts';
import type { Bench, BenchRow } from './row.ts';

/** What became of one bench. */
export type Outcome = { readonly bench: Bench; readonly rows: readonly BenchRow[]; readonly failure: string | undefined };

export interface RunHooks {
  /** Before a bench: its place, from 1, and how many there are. */
  readonly onStart: (bench: Bench, place: number, of: number) => void;
  readonly onEnd: (outcome: Outcome) => void;
}

/** Runs the benches one after the other. One that throws is an outcome with a failure; the others still run. */
export async function runBenches(benches: readonly Bench[], { onStart, onEnd }: RunHooks): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [at, bench] of distinct(benches).entries()) {
    onStart(bench, at + 1, benches.length);
    const outcome = await outcomeOf(bench);
    onEnd(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function outcomeOf(bench: Bench): Promise<Outcome> {
  try {
    const rows = await bench.run();
    return { bench, rows, failure: mismatch(bench, rows) };
  } catch (error) {
    return { bench, rows: [], failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** A row that was promised and is missing would look like a goal that nobody set. */
function mismatch(bench: Bench, rows: readonly BenchRow[]): string | undefined {
  const got = rows.map(({ id }) => id);
  const missing = bench.rows.filter((id) => !got.includes(id));
  const strange = got.filter((id, at) => !bench.rows.includes(id) || got.indexOf(id) !== at);
  if (missing.length === 0 && strange.length === 0) return undefined;
  return [missing.length > 0 ? `missing rows: ${missing.join(', ')}` : '', strange.length > 0 ? `rows not declared or twice: ${strange.join(', ')}` : ''].filter(Boolean).join('; ');
}
