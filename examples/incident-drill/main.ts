import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { frameworks, startAppProcess, type AppFramework } from './apps.ts';
import { drillJson, runDrill } from './drill.ts';
import { createProgress } from './progress.ts';
import { renderReport } from './report/page.ts';
import { renderTable } from './report/table.ts';
import { responseOpeningsOf } from './response/openings.ts';
import { openingsOf } from './second-factor/openings.ts';

const help = `Replays the 2019 incident against the example app, unprotected, protected, and protected with a mandatory second factor, over real HTTP.

  npm run drill -- [options]

  --app express       the framework under the app: express or fastify
  --seed 2019         decides who, what and in which order; times vary
  --json FILE         writes the figures of the three runs
  --report FILE       where the page with the charts goes (default: drill-report.html in this folder)
  --help

It needs Linux, for the source addresses in 127.0.0.0/8, and takes less than a minute. It exits with 0 if all was
played to the end, the second factor has held and attackers were out for good once it was contained, and with 1 otherwise.
`;

const interrupted = 130;

try {
  await run();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode ??= 1;
}

async function run(): Promise<void> {
  const options = { app: { type: 'string', default: 'express' }, seed: { type: 'string', default: '2019' }, json: { type: 'string' }, report: { type: 'string', default: 'drill-report.html' }, help: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const app = appOf(values.app);
  const result = await runDrill({ seed: seedOf(values.seed), startApp: startAppProcess(app), progress: createProgress(process.stdout), signal: signalOfInterrupts() });
  const report = resolve(values.report);
  writeFileSync(report, renderReport(result));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(drillJson(result), null, 2)}\n`);
  process.stdout.write(`${renderTable(result)}\n${(result.durationMs / 1000).toFixed(1)} s, on ${app}, seed ${result.seed}. Charts: ${report}\n`);
  if (openingsOf(result).length + responseOpeningsOf(result).length > 0) process.exitCode = 1;
}

function appOf(name: string): AppFramework {
  const found = frameworks.find((each) => each === name);
  if (found === undefined) throw new Error(`--app: expected ${frameworks.join(' or ')}, got ${JSON.stringify(name)}`);
  return found;
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) throw new Error(`--seed: expected a whole number, got ${JSON.stringify(text)}`);
  return seed;
}

/** Ctrl+C ends the drill with everything cleaned up; a second one ends it at once. */
function signalOfInterrupts(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(interrupted);
    process.exitCode = interrupted;
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  return controller.signal;
}
