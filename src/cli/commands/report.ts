import { writeFile } from 'node:fs/promises';
import { Option } from 'commander';
import type { IncidentReport } from '../../flows/incident/report.ts';
import type { AddCommand } from '../act.ts';
import { usageError } from '../exit.ts';
import { partOf } from '../parts.ts';
import { escapeUnsafe, safeJson, safeLine, safeLines } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { filled, moment } from '../values.ts';
import { newestIncident, unknownIncident } from './lift.ts';
import { whatIf, type WhatIfFlags } from './what-if.ts';

type Format = 'text' | 'json' | 'html';

interface ReportOptions extends WhatIfFlags {
  readonly id?: string;
  readonly format: Format;
  readonly out?: string;
}

export const addReport: AddCommand = (program, act) => {
  program
    .command('report')
    .description('what the affected accounts did and when what was done, to paste into a postmortem')
    .option('--id <id>', 'the incident (default: the newest)', filled)
    .addOption(new Option('--format <format>', 'text, json or html').choices(['text', 'json', 'html']).default('text'))
    .option('--out <file>', 'write it to a new file, for your eyes alone', filled)
    .option('--what-if [files...]', 'instead: what guards in observe mode would have done, from the path of a log with all files that were rotated away from it, or from several files')
    .option('--from <date>', 'with --what-if: from then on', moment)
    .option('--until <date>', 'with --what-if: before then', moment)
    .option('--reveal', 'with --what-if: show networks in full; the audit log is told that you did')
    .option('--reason <text>', 'why you reveal them')
    .action(act(report));
};

async function report(session: Session, options: ReportOptions): Promise<Outcome> {
  const { id: given, format, out } = options;
  if (options.whatIf !== undefined) {
    if (given !== undefined || format === 'html') throw usageError('--what-if: expected no --id and no --format html');
    const { text, json } = await whatIf(session, options);
    const told = format === 'json' ? safeJson(json, 2) : text;
    if (out === undefined) return { text: told, json };
    await writeNew(out, `${told}\n`);
    return { text: `Written to ${safeLine(out)}.`, json: { format, out } };
  }
  const alone = (['from', 'until', 'reveal', 'reason'] as const).find((name) => options[name] !== undefined);
  if (alone !== undefined) throw usageError(`--${alone}: expected --what-if with it`);
  return ofIncident(session, options);
}

async function ofIncident({ open }: Session, { id: given, format, out }: ReportOptions): Promise<Outcome> {
  const incident = partOf(await open(), 'incident');
  const id = given ?? (await newestIncident(incident));
  const found = await incident.report({ id });
  if (found === undefined) throw unknownIncident(id);
  if (out === undefined) return { text: shown(found, format), json: { facts: found.facts } };
  await writeNew(out, found[format]);
  return { text: `Written to ${safeLine(out)}.`, json: { id, format, out } };
}

function shown(found: IncidentReport, format: Format): string {
  if (format === 'json') return escapeUnsafe(found.json);
  return safeLines(found[format].trimEnd());
}

/** It names accounts: for its owner alone, and over nobody's file. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw usageError(`--out: ${path} is there already; name a new file`);
    throw error;
  }
}
