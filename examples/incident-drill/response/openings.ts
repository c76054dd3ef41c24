import type { DrillResult } from '../drill.ts';
import { responseFiguresOf, type ResponseFigures } from './figures.ts';
import { waysBack } from './ways-back.ts';

/** All that went wrong in the response, as sentences; empty is the claim of the drill. What was not tried proves nothing, and counts as well. */
export function responseOpeningsOf({ protected: { response, figures: { accountsEntered } }, plan }: Pick<DrillResult, 'protected' | 'plan'>): readonly string[] {
  if (response === undefined) return ['nobody responded'];
  const { held, found, ways, members, membersOut, owners, dryRun, dryRunLeftAll, contained } = response;
  const figures = responseFiguresOf(response);
  const missing = held.filter((email) => !found.includes(email));
  const people = members.length + owners.length;
  const untried = waysBack.filter((way) => !ways.some(({ name }) => name === way));
  const faults: readonly (readonly [count: number | boolean, what: string])[] = [
    [held.length === 0, 'no account was held: nothing is proved'],
    [untried.length, 'ways back were not tried'],
    [accountsEntered - held.length, 'entered accounts were not held any more when the attack was noticed'],
    [missing.length, 'entered accounts were not found in the audit log'],
    [!dryRunLeftAll, 'the dry run has changed something'],
    [dryRun.affected.total !== contained.affected.total, `the dry run counted ${dryRun.affected.total} affected, and ${contained.affected.total} were`],
    [!contained.complete, 'the containment did not come to its end'],
    [membersOut === 0, 'no session of a member has ended'],
    [plan.ordinary.length - figures.membersReading, 'ordinary users could not read, or were not told'],
    [plan.ordinary.length - figures.writesRefused, 'writes of ordinary users went through'],
    [plan.ordinary.length - figures.exportsRefused, 'exports went through'],
    [held.length - figures.ownersTold, 'owners of entered accounts were not told'],
    [held.length - owners.filter(({ isMailedLink }) => isMailedLink).length, 'owners were not mailed a link when their old password was tried'],
    [owners.filter(({ writeIsRefused }) => !writeIsRefused).length, 'writes of owners went through'],
    [held.length - figures.ownersBack, 'owners of entered accounts are not back'],
    [people - figures.writing, 'people could not write when it was over'],
    [people - figures.exporting, 'people could not export when it was over'],
    ...moments.map((name) => [figures[name] === null, `never: ${name}`] as const),
  ];
  const opened = ways.flatMap(({ name, opened: all }) => [...new Set(all)].map((what) => `${name}: ${what}`));
  return [...faults.flatMap(([count, what]) => (count === true ? [what] : count === false || count === 0 ? [] : [`${count} ${what}`])), ...opened];
}

const moments = ['inBeforeMs', 'writesRefusedMs', 'sessionsRefusedMs', 'markedMs', 'affectedToldMs', 'everybodyToldMs', 'writingMs'] as const satisfies readonly (keyof ResponseFigures)[];
