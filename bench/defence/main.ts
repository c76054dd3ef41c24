import { readFile, writeFile } from 'node:fs/promises';
import { runCommand } from '../command.ts';
import { attackerIds } from './attackers/attack.ts';
import { thisMachine } from '../machine.ts';
import { parseDefenseArgs, type DefenseOptions } from './options.ts';
import { ownPolicies, policies } from './policies/index.ts';
import { runJobs } from './pool.ts';
import { chartPicture } from './report/chart.ts';
import { defenseHtml } from './report/html.ts';
import { defenseMarkdown } from './report/markdown.ts';
import { chartsOf } from './report/points.ts';
import { rowOf, type RunResult } from './result.ts';
import { scenarios } from './scenario.ts';
import { summaryTable } from './summary.ts';

async function measured({ jobs }: DefenseOptions): Promise<readonly RunResult[]> {
  const startMs = performance.now();
  return runJobs(jobs, {
    onDone: ({ scenario, seed, attacker }, done) => {
      process.stderr.write(`[${done}/${jobs.length}] ${scenario}, seed ${seed}, ${attacker}: ${Math.round((performance.now() - startMs) / 1000)} s since the start\n`);
    },
  });
}

async function run(options: DefenseOptions): Promise<void> {
  const { json, html, results: kept, from, writesReport } = options;
  const results = from === undefined ? await measured(options) : (JSON.parse(await readFile(from, 'utf8')) as readonly RunResult[]);
  process.stdout.write(`${summaryTable(results)}\n`);
  if (kept !== undefined) await writeFile(kept, JSON.stringify(results));
  if (html !== undefined) await writeFile(html, defenseHtml(results, ownPolicies));
  if (writesReport) {
    await writeFile(new URL('../DEFENCE.md', import.meta.url), defenseMarkdown(results, thisMachine()));
    await writeFile(new URL('../DEFENCE.svg', import.meta.url), chartPicture(chartsOf(results, ownPolicies)));
  }
  // A row does not say its scenario: those of one are written.
  const rows = results.filter(({ scenario }) => scenario === results[0]?.scenario).map(rowOf);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(rows, null, 2)}\n`);
}

const attackers = ['legit' as const, ...attackerIds];
await runCommand(parseDefenseArgs(process.argv.slice(2), { policies: [...policies.keys()], attackers, scenarios: [...scenarios.keys()] }), run);
