import type { DrillResult } from '../drill.ts';
import { momentOf } from '../response/figures.ts';
import type { MomentName } from '../response/moments.ts';

/** A step of the response: when it was taken in 2019, and how long after the attack was noticed, then and here. */
export interface TimelineRow {
  readonly label: string;
  /** UTC, 23 October 2019 where no day is named. */
  readonly in2019: string;
  readonly after2019: string;
  readonly here: string;
}

/** The hours of 2019 are those of the postmortem and the status page (BST less one hour). A dash: never published. */
const steps: readonly (Omit<TimelineRow, 'here'> & { readonly moments: readonly MomentName[] })[] = [
  { label: 'first account entered', in2019: '12 Oct', after2019: '11 days before', moments: ['first-entry'] },
  { label: 'several accounts from one address: noticed', in2019: '16:50', after2019: '0', moments: ['noticed'] },
  { label: 'known who was in', in2019: '-', after2019: '-', moments: ['found'] },
  { label: 'read-only: writes refused', in2019: '17:20', after2019: '30 min', moments: ['writes-refused'] },
  { label: 'sessions ended, passwords of the affected void', in2019: '17:30', after2019: '40 min', moments: ['sessions-refused', 'marked'] },
  { label: 'the affected told', in2019: '22:00', after2019: '5 h 10 min', moments: ['affected-told'] },
  { label: 'everybody else told', in2019: '22:00', after2019: '5 h 10 min', moments: ['everybody-told'] },
  { label: 'the affected back, by the mailed link', in2019: '-', after2019: '-', moments: ['owners-back'] },
  { label: 'lifted: writing again', in2019: '22:15', after2019: '5 h 25 min', moments: ['writing'] },
];

/** As it went here, in seconds since the attack was noticed. Of a step that is two things, when both had happened. */
export function timelineOf({ protected: { response } }: DrillResult): readonly TimelineRow[] {
  return steps.map(({ moments, ...row }) => {
    const times = moments.map((name) => (response === undefined ? null : momentOf(response, name)));
    return { ...row, here: times.includes(null) ? 'never' : secondsText(Math.max(...times.map(Number))) };
  });
}

function secondsText(ms: number): string {
  if (ms === 0) return '0';
  return ms < 0 ? `${(-ms / 1000).toFixed(1)} s before` : `${(ms / 1000).toFixed(2)} s`;
}

/** What the response came to, as lines of a table. */
export function outcomeOf({ protected: { response }, plan }: DrillResult): readonly (readonly [label: string, value: string])[] {
  if (response === undefined) return [];
  const { ways, members, membersOut, owners, held, contained, writing } = response;
  const tries = ways.reduce((sum, { tried }) => sum + tried, 0);
  const opened = ways.reduce((sum, way) => sum + way.opened.length, 0);
  return [
    ['accounts that attackers held', `${held.length}`],
    ['tries to come back, opened', `${tries}, ${opened}`],
    ['sessions of ordinary users that ended too', `${membersOut}`],
    ['ordinary users reading meanwhile', `${members.filter(({ isIn, reads }) => isIn && reads).length} of ${plan.ordinary.length}`],
    ['their writes and exports refused', `${members.filter(({ writeIsRefused, exportIsRefused }) => writeIsRefused && exportIsRefused).length} of ${plan.ordinary.length}`],
    ['told: the affected, everybody else', `${contained.notices.affected.told}, ${contained.notices.everyoneElse.told}`],
    ['owners back with a new password', `${owners.filter(({ isBack }) => isBack).length} of ${held.length}`],
    ['writing again when it was over', `${writing}`],
  ];
}
