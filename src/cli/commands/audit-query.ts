import type { Command } from 'commander';
import type { AuditQueryResult } from '../../audit/index.ts';
import type { Act } from '../act.ts';
import { shownEntry } from '../audit-line.ts';
import { noSuchLog, usageError } from '../exit.ts';
import { partOf } from '../parts.ts';
import { present } from '../present.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { counted } from '../table.ts';
import { count, filled, gathered, moment } from '../values.ts';

interface QueryOptions {
  readonly account?: string;
  readonly source?: readonly string[];
  readonly gotIn?: boolean;
  readonly event?: readonly string[];
  readonly from?: number;
  readonly until?: number;
  readonly max: number;
  readonly reveal?: boolean;
  readonly reason?: string;
}

export function addQuery(audit: Command, act: Act): void {
  audit
    .command('query')
    .description('what an account did; who came from these sources, and who of them got in')
    .argument('<file>', 'the path of a log, with all files that were rotated away from it')
    .option('--account <id>', 'what this account did', filled)
    .option('--source <network...>', 'what came from these addresses or networks: 203.0.113.0/24', gathered)
    .option('--got-in', 'only successful sign-ins')
    .option('--event <type...>', 'only these events', gathered)
    .option('--from <date>', 'from then on', moment)
    .option('--until <date>', 'before then', moment)
    .option('--max <count>', 'entries that are shown; the others are counted', count, 1_000)
    .option('--reveal', 'show addresses in full; the audit log is told that you did')
    .option('--reason <text>', 'why you reveal them')
    .action(act(query));
}

async function query({ open, answer, by }: Session, options: QueryOptions, [path = '']: readonly string[]): Promise<Outcome> {
  const { account, source, gotIn = false, event, from, until, max, reveal = false, reason } = options;
  if (!gotIn && [account, source, event, from].every((each) => each === undefined)) throw usageError('say what: --account, --source, --got-in, --event or --from');
  const why = reveal ? await answer(reason, { flag: '--reason', question: 'Why are addresses revealed? ' }) : undefined;
  const found = await partOf(await open(), 'auditFiles').query({
    path,
    gotIn,
    maxEntries: max,
    ...present({ account, sources: source, events: event, fromMs: from, toMs: until, reveal: why === undefined ? undefined : { by, reason: why } }),
  });
  if (found.files.length === 0) throw noSuchLog(path);
  return { text: shownResult(found), json: { ...found } };
}

function shownResult({ entries, matched, accounts, moreAccounts, unreadable, files }: AuditQueryResult): string {
  const lines = [
    ...entries.map((entry) => shownEntry({ ...entry })),
    `${counted(matched, 'entry', 'entries')}${matched > entries.length ? `, the first ${entries.length} shown` : ''}, in ${counted(files.length, 'file')}${unreadable > 0 ? `; ${counted(unreadable, 'line')} cannot be read` : ''}.`,
    `Accounts${moreAccounts ? ' (not all)' : ''}: ${accounts.length === 0 ? 'none' : accounts.map((each) => safeLine(each.account)).join(' ')}`,
  ];
  return lines.join('\n');
}
