import { parseArgs } from 'node:util';
import type { ParsedCommand } from '../command.ts';
import { attackerIds, type AttackerId } from './attackers/attack.ts';
import { takesPart, wholeRun } from './plan.ts';
import type { Job } from './work.ts';

/** Names that may be asked for. */
export interface Known {
  readonly policies: readonly string[];
  readonly attackers: readonly (AttackerId | 'legit')[];
  readonly scenarios: readonly string[];
}

export interface DefenseOptions {
  readonly json: string | undefined;
  readonly html: string | undefined;
  /** Where the results in full are kept, and where they come from instead of a run. */
  readonly results: string | undefined;
  readonly from: string | undefined;
  readonly jobs: readonly Job[];
  /** Whether DEFENCE.md and its picture are written: only by a whole run. */
  readonly writesReport: boolean;
}

export type Parsed = ParsedCommand<DefenseOptions>;

const given = { seed: { type: 'string' }, seeds: { type: 'string' }, json: { type: 'string' }, html: { type: 'string' }, results: { type: 'string' }, from: { type: 'string' }, policies: { type: 'string' }, attackers: { type: 'string' }, scenarios: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

/** What `npm run bench:defence -- ...` asks for. Answers `wrong` with a line to print instead of throwing. */
export function parseDefenseArgs(args: readonly string[], known: Known): Parsed {
  try {
    const { values } = parseArgs({ args: [...args], options: given });
    if (values.help === true) return { help: helpText(known) };
    const files = { json: values.json, html: values.html, results: values.results, from: values.from };
    if (Object.values(files).includes('')) throw new RangeError('--json, --html, --results, --from: expected the name of a file');
    const parts = [values.seed, values.policies, values.attackers, values.scenarios];
    if (values.from !== undefined && [...parts, values.seeds].some((each) => each !== undefined)) throw new RangeError('--from: expected no other choice of what to run');
    if (parts.every((each) => each === undefined)) return { run: { ...files, jobs: wholeRun(seedsOf(undefined, values.seeds).length), writesReport: values.seeds === undefined && (values.from === undefined || (values.json ?? values.html) === undefined) } };
    const seeds = seedsOf(values.seed, values.seeds);
    const named = chosen('--policies', values.policies, known.policies);
    const attackers = chosen('--attackers', values.attackers, known.attackers);
    const scenarios = chosen('--scenarios', values.scenarios ?? 'standard', known.scenarios);
    const jobs = scenarios.flatMap((scenario) => seeds.flatMap((seed) => attackers.map((attacker) => ({ scenario, seed, attacker, policies: values.policies === undefined ? named.filter((name) => takesPart(name, scenario)) : named }))));
    return { run: { ...files, jobs, writesReport: false } };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

function seedsOf(seed: string | undefined, seeds: string | undefined): readonly number[] {
  if (seed !== undefined && seeds !== undefined) throw new RangeError('--seed, --seeds: expected one of them');
  if (seed !== undefined) return [whole('--seed', seed)];
  return Array.from({ length: whole('--seeds', seeds ?? '10') }, (_, index) => index + 1);
}

function whole(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`${option}: expected a whole number from 1, got "${text}"`);
  return Number(text);
}

function chosen<N extends string>(option: string, text: string | undefined, known: readonly N[]): readonly N[] {
  if (text === undefined) return known;
  return text.split(',').map((name) => {
    const found = known.find((each) => each === name);
    if (found === undefined) throw new RangeError(`${option}: there is no "${name}". Known: ${known.join(', ')}`);
    return found;
  });
}

export function helpText({ policies, attackers, scenarios }: Known): string {
  return `npm run bench:defence [-- options]

Replays 28 days of a site with ${attackerIds.length} attackers against login defenses, in virtual time, and writes bench/DEFENCE.md
and bench/DEFENCE.svg.
The same seed gives the same figures.

  --seed N          one seed only
  --seeds N         seeds 1 to N; default 10
  --policies A,B    of ${policies.join(', ')};
                    default all, where those without a part stand in the scenario ablation alone
  --attackers A,B   of ${attackers.join(', ')}
  --scenarios A,B   of ${scenarios.join(', ')}; default standard
  --json FILE       writes the rows of the first scenario as JSON: a list of { policy, attacker, seed, takeoverShare, yieldPerIp, detectionMs,
                    ordinaryDeniedShare, ordinaryFailedShare, stepUpShare, bytes }
  --html FILE       writes the report with its charts
  --results FILE    keeps the results in full
  --from FILE       takes results that were kept and runs nothing; writes DEFENCE.md again where no --html and no --json is asked for
  --help            prints this

Without --seed, --policies, --attackers and --scenarios the variants run too, some policies on fewer seeds. With any of them,
or --seeds, DEFENCE.md stays as it is: it always holds one whole run.`;
}
