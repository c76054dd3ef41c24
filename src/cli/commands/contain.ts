import { InvalidArgumentError, Option, type Command } from 'commander';
import { isPortcullisError } from '../../kernel/errors.ts';
import type { ContainReport } from '../../flows/incident/contain-report.ts';
import type { ContainPlan, ContainProgress } from '../../flows/incident/plan.ts';
import type { MfaScope } from '../../mfa/index.ts';
import type { AddCommand } from '../act.ts';
import { CommandError, exitCodes, usageError } from '../exit.ts';
import { shownDryRun, shownReport, stepWords } from '../incident-words.ts';
import { interruptible } from '../interrupt.ts';
import { partOf, type Operated } from '../parts.ts';
import { planOfFile, planOfFlags, type PlanOptions } from '../plan.ts';
import { createProgress } from '../progress.ts';
import type { Outcome, Session } from '../session.ts';
import { duration, durationOrNone, filled, gathered, moment } from '../values.ts';

interface ContainOptions extends PlanOptions {
  readonly dryRun?: boolean;
}

type Incident = NonNullable<Operated['incident']>;

/** What stands in a plan file, and so not beside it. */
const planFlags = ['source', 'from', 'until', 'account', 'accountFile', 'breached', 'exposed', 'passwordsBefore', 'noticed', 'readOnly', 'readOnlyFor', 'sessions', 'organization', 'reset', 'secondFactor', 'grace', 'notify'];

export const addContain: AddCommand = (program, act) => {
  const command = program
    .command('contain')
    .description('contain an incident in one go: read-only on, sessions ended, the affected found and their passwords shut, everybody told')
    .option('--id <id>', 'names the incident; the same id with the same plan goes on where it stopped (default: made from the time)', filled)
    .option('--reason <text>', 'one line, which users may read')
    .addOption(new Option('--plan <file>', 'the plan as JSON, instead of the flags below').conflicts(planFlags))
    .option('--dry-run', 'only count: nothing is written and nobody is mailed');
  addAffected(command);
  addMeasures(command);
  command.addHelpText('after', '\nIt always counts first, prints what it would do and asks. Ctrl-C stops it where the same command goes on.').action(act(contain));
};

function addAffected(command: Command): void {
  command
    .optionsGroup('Who is affected:')
    .option('--source <network...>', 'addresses or networks of the attack: whoever signed in from there', gathered)
    .option('--from <date>', 'when the attack began', moment)
    .option('--until <date>', 'when it ended (default: now)', moment)
    .option('--account <id...>', 'these accounts', gathered)
    .option('--account-file <file>', 'accounts whose ids stand in a file, one on a line')
    .option('--breached', 'whose password is known to be in a leak')
    .option('--exposed', 'whose address is in a leak; slow')
    .option('--passwords-before <date>', 'every password that was set before must be replaced', moment)
    .option('--noticed <date>', 'when somebody noticed, for the report', moment);
}

function addMeasures(command: Command): void {
  command
    .optionsGroup('What is done:')
    .addOption(new Option('--read-only <level>', 'default: writes').choices(['sensitive', 'writes', 'all', 'off']))
    .option('--read-only-for <time>', 'it ends by itself after 30m, 2h, 7d', duration)
    .addOption(new Option('--sessions <whose>', 'whose sessions end (default: everyone)').choices(['everyone', 'affected']).conflicts('organization'))
    .option('--organization <id...>', 'only the sessions of these organizations end', gathered)
    .addOption(new Option('--reset <reason>', 'why the passwords of the affected must be replaced (default: incident)').choices(['compromised', 'breached', 'incident', 'off']))
    .option('--second-factor <scope>', 'make it mandatory: app, organization:ID or role:ID', factorScope)
    .option('--grace <time>', 'how long people may go on without one: 0, 7d', durationOrNone)
    .addOption(new Option('--notify <whom>', 'who is mailed (default: everyone)').choices(['everyone', 'affected', 'nobody']));
}

function factorScope(text: string): MfaScope {
  const [, kind, id = ''] = /^(organization|role):(.+)$/.exec(text) ?? [];
  if (text === 'app') return { kind: 'app' };
  if (kind !== 'organization' && kind !== 'role') throw new InvalidArgumentError('Expected app, organization:ID or role:ID.');
  return { kind, id };
}

async function contain(session: Session, options: ContainOptions): Promise<Outcome> {
  const { terminal, json, confirm } = session;
  const plan = await planOf(session, options);
  const incident = partOf(await session.open(), 'incident');
  const dryRun = await counted(session, incident, plan);
  if (!json) terminal.print(shownDryRun(dryRun, plan));
  if (options.dryRun === true) return { text: 'Nothing was done: it was a dry run.', json: { id: plan.id, dryRun } };
  await confirm({ word: 'contain', what: `This contains incident ${plan.id} as above.` });
  const report = await carriedOut(session, incident, plan, dryRun);
  return {
    exit: report.complete ? exitCodes.done : exitCodes.failed,
    text: shownReport(report),
    json: { id: plan.id, dryRun, report },
  };
}

async function planOf({ by, answer, nowMs }: Session, options: ContainOptions): Promise<ContainPlan> {
  const asked = options.plan === undefined ? await planOfFlags(options) : await planOfFile(options.plan);
  const { id, reason } = asked as Partial<ContainPlan>;
  return {
    ...asked,
    id: options.id ?? id ?? idOf(nowMs()),
    reason: await answer(options.reason ?? reason, { flag: '--reason', question: 'Reason, one line, which users may read: ' }),
    // Whoever wrote the plan does not give the order.
    by,
  };
}

/** `incident-20261127-1820`: the same for everybody who looks at a clock. */
function idOf(nowMs: number): string {
  return `incident-${new Date(nowMs).toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-')}`;
}

/** The library names the field of the plan; the person has typed a flag. */
const flagOfField: Readonly<Record<string, string>> = {
  id: '--id', reason: '--reason', readOnly: '--read-only', sessions: '--sessions', reset: '--reset', secondFactor: '--second-factor', notices: '--notify', noticedMs: '--noticed',
  'affected.sources': '--source', 'affected.fromMs': '--from', 'affected.untilMs': '--until', 'affected.accountIds': '--account', 'affected.breached': '--breached', 'affected.exposed': '--exposed',
  'affected.passwordsSetBeforeMs': '--passwords-before', 'notices.everyoneElse': '--notify affected', 'readOnly.forMs': '--read-only-for', 'secondFactor.graceMs': '--grace', by: '--by',
};

function flagFor(message: string): string {
  const [, path = ''] = /^incident\.contain\.([\w.]+)/.exec(message) ?? [];
  const flag = flagOfField[path] ?? flagOfField[path.split('.')[0] ?? ''];
  return flag === undefined ? '' : ` (${flag})`;
}

/** Goes through accounts, so that there is something to count. */
function isLong(step: ContainProgress['step']): boolean {
  return step !== 'read-only' && step !== 'sessions' && step !== 'second-factor';
}

async function counted({ terminal }: Session, incident: Incident, plan: ContainPlan): Promise<ContainReport> {
  try {
    return await interruptible(terminal, 'Nothing was done.', (signal) => incident.contain({ ...plan, dryRun: true, signal }));
  } catch (error) {
    // Until here nothing was written: a plan that is wrong is a wrong command line.
    if (isPortcullisError(error) && error.code === 'ERR_CONFIG') throw usageError(`${error.message}${flagFor(error.message)}`);
    throw error;
  }
}

async function carriedOut({ terminal, json }: Session, incident: Incident, plan: ContainPlan, dryRun: ContainReport): Promise<ContainReport> {
  const progress = createProgress(terminal);
  const onProgress = ({ step, state, accounts }: ContainProgress): void => {
    if (state === 'done' || state === 'failed') {
      progress.end();
      if (!json) terminal.note(`${stepWords[step]}: ${state}`);
    } else {
      progress.tell(stepWords[step], ...(isLong(step) ? [accounts, step === 'tell-others' ? dryRun.others?.accounts : dryRun.affected.total] : []));
    }
  };
  const again = `Go on with: portcullis contain --id ${plan.id}, and the same flags.`;
  return interruptible(terminal, again, (signal) => incident.contain({ ...plan, onProgress, signal })).finally(() => { progress.end(); }).catch((error: unknown) => {
    throw error instanceof CommandError ? error : new CommandError(exitCodes.failed, `not all of it is done. ${again}`, { cause: error });
  });
}
