import { readFile, writeFile } from 'node:fs/promises';
import { runCommand } from './command.ts';
import { goalMismatches, goals } from './goals.ts';
import { loadBenches } from './load.ts';
import { thisMachine } from './machine.ts';
import { parseBenchArgs, type RunOptions } from './options.ts';
import { withMeasured } from './readme-table.ts';
import { resultsMarkdown, rowsJson, textTable } from './render.ts';
import type { BenchRow } from './row.ts';
import { runBenches, type Outcome } from './run.ts';

const results = new URL('RESULTS.md', import.meta.url);
const readme = new URL('../README.md', import.meta.url);

async function run({ benches, row, json, writesResults }: RunOptions): Promise<void> {
  const shown = (rows: readonly BenchRow[]): readonly BenchRow[] => (row === undefined ? rows : rows.filter(({ id }) => id === row));
  const startMs = performance.now();
  const outcomes = await runBenches(benches, {
    onStart: ({ id }, place, of) => {
      process.stderr.write(`[${place}/${of}] ${id}, ${Math.round((performance.now() - startMs) / 1000)} s since the start\n`);
    },
    onEnd: ({ bench, rows, failure }) => {
      process.stdout.write(`\n${bench.title}\n${textTable(shown(rows))}\n\n`);
      if (failure === undefined) return;
      process.stderr.write(`${bench.id} did not finish: ${failure}\n`);
      process.exitCode = 1;
    },
  });
  if (json !== undefined) await writeFile(json, rowsJson(outcomes.flatMap(({ rows }) => shown(rows))));
  if (writesResults) await writeResults(outcomes);
}

async function writeResults(outcomes: readonly Outcome[]): Promise<void> {
  const rows = outcomes.flatMap((outcome) => outcome.rows);
  await writeFile(results, resultsMarkdown(outcomes, thisMachine()));
  await writeFile(readme, withMeasured(await readFile(readme, 'utf8'), rows, goals));
  for (const mismatch of goalMismatches(rows)) {
    process.stderr.write(`${mismatch}\n`);
    process.exitCode = 1;
  }
}

await runCommand(parseBenchArgs(process.argv.slice(2), await loadBenches()), run);
