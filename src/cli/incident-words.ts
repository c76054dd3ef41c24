import type { ContainReport, ContainStep } from '../flows/incident/contain-report.ts';
import type { LiftReport } from '../flows/incident/lift.ts';
import type { ContainPlan } from '../flows/incident/plan.ts';
import type { IncidentStatus } from '../flows/incident/status.ts';
import { safeLine } from './safe-text.ts';
import { counted, grouped, table } from './table.ts';
import { shownDuration, shownTime } from './values.ts';

export const stepWords: Readonly<Record<ContainStep['step'], string>> = Object.freeze({
  'read-only': 'read-only mode',
  sessions: 'sessions',
  find: 'finding the affected',
  resets: 'passwords',
  'second-factor': 'second factor',
  'find-exposed': 'finding exposed addresses',
  'tell-affected': 'mails to the affected',
  'tell-others': 'mails to everybody else',
});

/** What would be done, line by line, with the defaults of the library spelled out. */
export function shownDryRun({ affected, failed, exposureUnknown, others }: ContainReport, plan: ContainPlan): string {
  const { total, because, atMost } = affected;
  const causes = Object.entries(because).filter(([, count]) => count > 0).map(([cause, count]) => `${safeLine(cause)} ${grouped(count)}`);
  const unknown = exposureUnknown > 0 ? `; of ${counted(exposureUnknown, 'account')} nobody can tell` : '';
  const unread = failed > 0 ? `; ${counted(failed, 'account')} could not be looked at` : '';
  const everybodyElse = others === undefined ? '' : `, ${grouped(others.accounts)} others (${grouped(others.withoutSecondFactor)} of all without a second factor)`;
  return table([
    ['incident', safeLine(plan.id)],
    ['reason', safeLine(plan.reason)],
    ['affected', `${atMost === true ? 'at most ' : ''}${counted(total, 'account')}${causes.length > 0 ? ` (${causes.join(', ')})` : ''}${unknown}${unread}`],
    ['read-only', readOnlyWords(plan)],
    ['sessions', sessionsWords(plan)],
    ['passwords', passwordWords(plan)],
    ['second factor', factorWords(plan)],
    ['mails', mailWords(plan, total) + everybodyElse],
  ]);
}

function readOnlyWords({ readOnly }: ContainPlan): string {
  if (readOnly === false) return 'stays as it is';
  const { level, forMs } = readOnly ?? { level: 'writes' };
  return `${safeLine(level)} for everyone, ${forMs === undefined ? 'until "portcullis lift"' : `for ${shownDuration(forMs)}`}`;
}

function sessionsWords({ sessions = 'everyone' }: ContainPlan): string {
  if (sessions === 'affected') return 'those of the affected end';
  return sessions === 'everyone' ? "everyone's end, yours too" : `those of ${counted(sessions.organizations.length, 'organization')} end`;
}

function passwordWords({ reset = 'incident', affected }: ContainPlan): string {
  if (reset === false) return 'stay as they are';
  const before = affected.passwordsSetBeforeMs;
  return `those of the affected${before === undefined ? '' : ` and all that were set before ${shownTime(before)}`} must be replaced (${safeLine(reset)})`;
}

function factorWords({ secondFactor }: ContainPlan): string {
  if (secondFactor === undefined || secondFactor === false) return 'stays as it is';
  const { scope, graceMs } = secondFactor;
  return `mandatory for ${scope.kind === 'app' ? 'everyone' : `${scope.kind} ${safeLine(scope.id)}`}, ${graceMs === 0 ? 'at once' : `after ${shownDuration(graceMs)}`}`;
}

function mailWords({ notices }: ContainPlan, total: number): string {
  const { affected, everyoneElse } = notices ?? { affected: true, everyoneElse: true };
  if (!affected && !everyoneElse) return 'nobody';
  return [...(affected ? [`the affected (${grouped(total)})`] : []), ...(everyoneElse ? ['everybody else'] : [])].join(' and ');
}

/** What was done, and how to go on. */
export function shownReport(report: ContainReport): string {
  const { id, complete, affected, resets, notices, steps } = report;
  const rows = steps.filter(({ state }) => state !== 'not-begun').map(({ step, state, tookMs, error }) => [stepWords[step], state, tookMs === undefined ? '' : shownDuration(tookMs), error === undefined ? '' : safeLine(error)]);
  return [
    `Incident ${safeLine(id)}: ${complete ? 'contained' : 'NOT all of it is done; give the same command with this --id again'}.`,
    table(rows),
    `Affected: ${grouped(affected.total)}. Passwords marked: ${grouped(resets.marked)}, already: ${grouped(resets.already)}, failed: ${grouped(resets.failed)}.`,
    `Mailed: ${grouped(notices.affected.told)} affected, ${grouped(notices.everyoneElse.told)} others. ${mailTrouble(report)}`.trimEnd(),
    ...(complete ? [`Then: portcullis report --id ${safeLine(id)}; portcullis lift --id ${safeLine(id)}`] : []),
  ].join('\n');
}

function mailTrouble({ notices: { affected, everyoneElse } }: ContainReport): string {
  const words = [['failed', 'failed'], ['maybe', 'perhaps mailed, and not again'], ['gone', 'no such account, or none to be told']] as const;
  const counts = words.map(([kind, word]) => [word, affected[kind] + everyoneElse[kind]] as const).filter(([, count]) => count > 0);
  return counts.length === 0 ? '' : `${counts.map(([word, count]) => `${word}: ${grouped(count)}`).join('; ')}.`;
}

/** One line of `status`. */
export function shownIncident({ id, complete, by, beganMs, affected, lift }: IncidentStatus): string {
  const end = lift === undefined ? '' : `, lifted ${shownTime(lift.atMs)} by ${safeLine(lift.by)}`;
  return `${safeLine(id)}: ${complete ? 'contained' : 'NOT COMPLETE'}, ordered ${shownTime(beganMs)} by ${safeLine(by)}, ${counted(affected.total, 'account')} affected${end}`;
}

const liftWords = {
  lifted: 'Read-only mode is lifted.',
  restored: 'The weaker read-only mode that was on before is on again.',
  left: 'Read-only mode is on, and not by this incident: it stays. See "portcullis read-only status".',
  off: 'Read-only mode was off already.',
} as const;

export function shownLift({ readOnly }: Extract<LiftReport, { found: true }>): string {
  return `${liftWords[readOnly]}\nSessions stay ended; passwords that must be replaced and a mandatory second factor stay.`;
}
