import { writeFile } from 'node:fs/promises';
import { attackerIds } from './attackers/attack.ts';
import { parseDefenseArgs, type DefenseOptions } from './options.ts';
import { policies } from './policies/index.ts';
import { runJobs } from './pool.ts';
import { rowOf } from './result.ts';
import { scenarios } from './scenario.ts';
import { summaryTable } from './summary.ts';

async function run({ jobs, json }: DefenseOptions): Promise<void> {
  const startMs = performance.now();
  const results = await runJobs(jobs, {
    onDone: ({ scenario, seed, attacker }, done) => {
      process.stderr.write(`[${done}/${jobs.length}] ${scenario}, seed ${seed}, ${attacker}: ${Math.round((performance.now() - startMs) / 1000)} s since the start\n`);
    },
  });
  process.stdout.write(`${summaryTable(results)}\n`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results.map(rowOf), null, 2)}\n`);
}

const attackers = ['legit' as const, ...attackerIds];
const parsed = parseDefenseArgs(process.argv.slice(2), { policies: [...policies.keys()], attackers, scenarios: [...scenarios.keys()] });
if ('help' in parsed) {
  process.stdout.write(`${parsed.help}\n`);
} else if ('wrong' in parsed) {
  process.stderr.write(`${parsed.wrong}\n`);
  process.exitCode = 2;
} else {
  await run(parsed.run);
}
