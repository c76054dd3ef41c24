import { Option } from 'commander';
import type { ForcedResets, ResetReason } from '../../resets/index.ts';
import type { AddCommand } from '../act.ts';
import { eachId } from '../each-id.ts';
import { usageError } from '../exit.ts';
import { countIds, idsOfFile } from '../id-file.ts';
import { partOf } from '../parts.ts';
import { present } from '../present.ts';
import { safeLine } from '../safe-text.ts';
import type { Outcome, Session } from '../session.ts';
import { counted } from '../table.ts';
import { filled, gathered, moment, shownTime } from '../values.ts';

interface ResetOptions {
  readonly user?: readonly string[];
  readonly userFile?: string;
  readonly before?: number;
  readonly all?: boolean;
  readonly organization?: string;
  readonly reason?: string;
  readonly undo?: boolean;
}

type Resets = Pick<ForcedResets, 'mark' | 'markBefore' | 'liftBefore' | 'unmark'>;

const reasons: readonly ResetReason[] = ['compromised', 'breached', 'incident', 'admin', 'initial'];
/** So many accounts may be named without being asked. */
const fewAccounts = 10;

export const addReset: AddCommand = (program, act) => {
  program
    .command('reset')
    .description('force new passwords: the old one opens nothing but a mailed link (with the reasons admin and initial, a form for a new one)')
    .addOption(new Option('--user <id...>', 'of these accounts').argParser(gathered).conflicts(['userFile', 'before', 'all', 'organization']))
    .addOption(new Option('--user-file <file>', 'of the accounts whose ids stand in a file, one on a line').conflicts(['before', 'all', 'organization']))
    .addOption(new Option('--before <date>', 'all that were set before a moment: 2026-11-27 or 2026-11-27T18:20Z').argParser(moment).conflicts('all'))
    .option('--all', 'all that are set now')
    .addOption(new Option('--organization <id>', 'with --before or --all: only in this organization').argParser(filled))
    .addOption(new Option('--reason <reason>', 'why').choices(reasons))
    .option('--undo', 'take it back: with --user, --user-file or --all')
    .action(act(reset));
};

async function reset(session: Session, options: ResetOptions): Promise<Outcome> {
  const { user, userFile, before, all = false, undo = false } = options;
  if (user === undefined && userFile === undefined && before === undefined && !all) throw usageError('say whose: --user ID, --user-file FILE, --before DATE or --all');
  if (undo && before !== undefined) throw usageError('--undo takes back all marks of --before and --all together: use --undo --all');
  const reason = undo ? undefined : await reasonOf(session, options.reason);
  const resets = partOf(await session.open(), 'resets');
  if (user !== undefined || userFile !== undefined) return resetAccounts(session, resets, { ids: user, file: userFile, reason });
  return reason === undefined ? undoBefore(session, resets, options) : resetBefore(session, resets, { ...options, reason });
}

async function reasonOf({ answer }: Session, given: string | undefined): Promise<ResetReason> {
  const word = await answer(given, { flag: '--reason', question: `Reason (${reasons.join(', ')}): ` });
  const reason = reasons.find((each) => each === word);
  if (reason === undefined) throw usageError(`--reason: expected one of ${reasons.join(', ')}`);
  return reason;
}

interface Whose {
  readonly ids: readonly string[] | undefined;
  readonly file: string | undefined;
  /** Undefined to take it back. */
  readonly reason: ResetReason | undefined;
}

async function resetAccounts(session: Session, resets: Resets, { ids, file, reason }: Whose): Promise<Outcome> {
  const { by, confirm } = session;
  const of = file === undefined ? (ids?.length ?? 0) : await countIds(file);
  const what = reason === undefined ? `This takes back the forced resets of ${counted(of, 'account')}.` : `This makes the passwords of ${counted(of, 'account')} open nothing (${reason}).`;
  if (of > fewAccounts) await confirm({ word: 'reset', what });
  return eachId(session, {
    ids: file === undefined ? (ids ?? []) : idsOfFile(file),
    of,
    done: reason === undefined ? 'taken back' : 'must be replaced',
    act: (accountId) => (reason === undefined ? resets.unmark({ accountId, by }) : resets.mark({ accountId, reason, by })),
  });
}

async function resetBefore({ by, confirm, nowMs }: Session, resets: Resets, { before, organization, reason }: ResetOptions & { readonly reason: ResetReason }): Promise<Outcome> {
  const beforeMs = before ?? nowMs();
  const whose = organization === undefined ? 'everyone' : `the members of ${organization}`;
  await confirm({ word: 'reset', what: `This makes all passwords of ${whose} that were set before ${shownTime(beforeMs)} open nothing until they are replaced (${reason}).` });
  await resets.markBefore({ beforeMs, reason, by, ...present({ organizationId: organization }) });
  return { text: `All passwords of ${safeLine(whose)} that were set before ${shownTime(beforeMs)} must be replaced (${reason}).`, json: { beforeMs, reason, ...present({ organization }) } };
}

async function undoBefore({ by, confirm }: Session, resets: Resets, { organization }: ResetOptions): Promise<Outcome> {
  const whose = organization === undefined ? 'everyone' : `the members of ${organization}`;
  await confirm({ word: 'undo', what: `This takes back every mark of --before and --all of ${whose}: old passwords work again.` });
  const lifted = await resets.liftBefore({ by, ...present({ organizationId: organization }) });
  return { text: lifted ? `Taken back for ${safeLine(whose)}. Marks of single accounts stay.` : 'There was no such mark.', json: { lifted } };
}
