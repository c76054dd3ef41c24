import type { AddCommand } from '../act.ts';
import { exitCodes, noSuchLog } from '../exit.ts';
import { partOf } from '../parts.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { counted } from '../table.ts';
import { addQuery } from './audit-query.ts';
import { addTail } from './audit-tail.ts';

interface VerifyOptions {
  readonly only?: boolean;
}

export const addAudit: AddCommand = (program, act) => {
  const command = program.command('audit').description('read the audit log');
  command
    .command('verify')
    .description('find lines that were changed, removed, moved or added; exit code 4 if there are any')
    .argument('<files...>', 'the path of a log, with all files that were rotated away from it; several files are read as they are')
    .option('--only', 'this file alone, without those that were rotated away')
    .action(act(verify));
  addQuery(command, act);
  addTail(command, act);
};

async function verify({ open }: Session, { only = false }: VerifyOptions, paths: readonly string[]): Promise<Outcome> {
  const [path = ''] = paths;
  const files = partOf(await open(), 'auditFiles');
  const found = await files.verify(paths.length === 1 && !only ? { path } : { paths });
  if (found.files.length === 0) throw noSuchLog(path);
  const lines = [
    `${counted(found.entries, 'entry', 'entries')} as written, in ${counted(found.files.length, 'file')}.`,
    ...(found.torn > 0 ? [`${counted(found.torn, 'line')} unfinished by a crash or a full disk: no problem.`] : []),
    `End of the log: ${anchorWords[found.anchor]}.`,
    ...found.problems.map(({ file, line, kind }) => `${safeLine(file)}:${line} ${kind}`),
    ...(found.problemCount > found.problems.length ? [`... and ${found.problemCount - found.problems.length} more`] : []),
    found.ok ? 'Nothing was changed.' : `${counted(found.problemCount, 'problem')}.`,
  ];
  return { exit: found.ok ? exitCodes.done : exitCodes.findings, text: lines.join('\n'), json: { ...found } };
}

const anchorWords = {
  unknown: 'not known, so that a cut at the end is not found',
  absent: 'the record store has none for it',
  forged: 'what the record store has is not genuine',
  reached: 'where the record store says',
  'passed-over': 'the place that the record store knows is missing',
} as const;
