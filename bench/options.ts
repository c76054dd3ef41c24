import { parseArgs } from 'node:util';
import type { ParsedCommand } from './command.ts';
import type { Bench } from './row.ts';

export interface RunOptions {
  /** A file for the rows as JSON. */
  readonly json: string | undefined;
  /** The benches to run. */
  readonly benches: readonly Bench[];
  /** The one row to show, where a row was asked for and not a bench. */
  readonly row: string | undefined;
  /** Whether RESULTS.md and the README's table are written: only by a whole run. */
  readonly writesResults: boolean;
}

export type Parsed = ParsedCommand<RunOptions>;

/** What `npm run bench -- ...` asks for. Answers `wrong` with a line to print instead of throwing. */
export function parseBenchArgs(args: readonly string[], known: readonly Bench[]): Parsed {
  let given: { json?: string | undefined; only?: string | undefined; help?: boolean | undefined };
  try {
    given = parseArgs({ args: [...args], options: { json: { type: 'string' }, only: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    return { wrong: `${error instanceof Error ? error.message : String(error)}\n\n${helpText(known)}` };
  }
  if (given.help === true) return { help: helpText(known) };
  if (given.json === '') return { wrong: '--json: expected the name of a file' };
  const { json, only } = given;
  if (only === undefined) return { run: { json, benches: known, row: undefined, writesResults: true } };
  const chosen = known.find(({ id }) => id === only);
  if (chosen !== undefined) return { run: { json, benches: [chosen], row: undefined, writesResults: false } };
  const owner = known.find(({ rows }) => rows.includes(only));
  if (owner === undefined) return { wrong: `--only: there is no bench and no row "${only}". Known:\n${knownIds(known)}` };
  return { run: { json, benches: [owner], row: only, writesResults: false } };
}

export function helpText(known: readonly Bench[]): string {
  return `npm run bench [-- options]

Measures every claim of the package beside its peer, in the same run, and writes bench/RESULTS.md and the table of goals
in README.md. Let nothing else run on the machine meanwhile.

  --only ID    runs one bench, or the bench of one row and shows that row alone. RESULTS.md and README.md stay as
               they are: they always hold one whole run on one machine.
  --json FILE  writes the rows as JSON: a list of { id, subject, peer, value, unit, ratioToPeer, goal, met }
  --help       prints this

A goal that is missed, or that the spread of the rounds covers ("not shown"), is a result and no failure: the exit code
is 1 only where a bench could not be run.

${knownIds(known)}`;
}

function knownIds(known: readonly Bench[]): string {
  return known.map(({ id, title, rows }) => [`  ${id}: ${title}`, ...rows.map((row) => `    ${row}`)].join('\n')).join('\n');
}
