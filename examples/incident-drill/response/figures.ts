import type { ResponseReport } from './acts.ts';
import type { MomentName } from './moments.ts';

/** What the end of the incident comes to. Times are ms since the attack was noticed; null where it never came to that. */
export interface ResponseFigures {
  /** How long attackers had been in before. */
  readonly inBeforeMs: number | null;
  readonly foundMs: number | null;
  readonly dryRunMs: number | null;
  readonly orderedMs: number | null;
  readonly writesRefusedMs: number | null;
  readonly sessionsRefusedMs: number | null;
  readonly markedMs: number | null;
  readonly affectedToldMs: number | null;
  readonly everybodyToldMs: number | null;
  readonly ownersBackMs: number | null;
  readonly liftedMs: number | null;
  readonly writingMs: number | null;
  /** Accounts that attackers had a live session of; accounts that were got into from their addresses, their own among them. */
  readonly accountsHeld: number;
  readonly accountsFound: number;
  readonly toldAffected: number;
  readonly toldOthers: number;
  /** Tries of attackers to come back, in all ways, and those that opened something. */
  readonly waysTried: number;
  readonly waysOpened: number;
  /** Ordinary users who read while nobody could write, and those of them whose writes and exports were refused. */
  readonly membersReading: number;
  readonly writesRefused: number;
  readonly exportsRefused: number;
  /** Owners of entered accounts who were told, and who came back by the mailed link. */
  readonly ownersTold: number;
  readonly ownersBack: number;
  /** Members and owners who could write, and export, once it was over. */
  readonly writing: number;
  readonly exporting: number;
}

export function momentOf({ timeline }: Pick<ResponseReport, 'timeline'>, wanted: MomentName): number | null {
  return timeline.find(({ name }) => name === wanted)?.afterMs ?? null;
}

export function responseFiguresOf(response: ResponseReport): ResponseFigures {
  const { held, found, contained, ways, members, owners, writing, exporting } = response;
  const at = (name: MomentName): number | null => momentOf(response, name);
  const firstEntry = at('first-entry');
  return {
    inBeforeMs: firstEntry === null ? null : -firstEntry,
    foundMs: at('found'),
    dryRunMs: at('dry-run'),
    orderedMs: at('ordered'),
    writesRefusedMs: at('writes-refused'),
    sessionsRefusedMs: at('sessions-refused'),
    markedMs: at('marked'),
    affectedToldMs: at('affected-told'),
    everybodyToldMs: at('everybody-told'),
    ownersBackMs: at('owners-back'),
    liftedMs: at('lifted'),
    writingMs: at('writing'),
    accountsHeld: held.length,
    accountsFound: found.length,
    toldAffected: contained.notices.affected.told,
    toldOthers: contained.notices.everyoneElse.told,
    waysTried: ways.reduce((sum, { tried }) => sum + tried, 0),
    waysOpened: ways.reduce((sum, { opened }) => sum + opened.length, 0),
    membersReading: members.filter(({ isIn, reads, isTold }) => isIn && reads && isTold).length,
    writesRefused: members.filter(({ writeIsRefused }) => writeIsRefused).length,
    exportsRefused: members.filter(({ exportIsRefused }) => exportIsRefused).length,
    ownersTold: owners.filter(({ isTold }) => isTold).length,
    ownersBack: owners.filter(({ isBack }) => isBack).length,
    writing,
    exporting,
  };
}
