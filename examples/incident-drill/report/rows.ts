import type { DrillResult } from '../drill.ts';
import type { Side } from '../apps.ts';
import type { Figures } from '../figures.ts';
import type { SecondFactorReport } from '../second-factor/acts.ts';
import { responseOpeningsOf } from '../response/openings.ts';
import { openingsOf } from '../second-factor/openings.ts';
import { secondFactorFiguresOf, type SecondFactorFigures } from '../second-factor/figures.ts';
import type { SideReport } from '../side.ts';

/** One line of the side-by-side table. */
export interface Row extends Readonly<Record<Side, string>> {
  readonly label: string;
  /** A line that says more about the one before it. */
  readonly detail?: true;
}

type Read = (side: SideReport) => string | number;

/** The table, for the terminal and for the page. */
export function rowsOf(result: DrillResult): readonly Row[] {
  const { sizes, owners } = result.plan;
  const row = (label: string, read: Read): Row => ({ label, unprotected: String(read(result.unprotected)), protected: String(read(result.protected)), mandatory: String(read(result.mandatory)) });
  const detail = (label: string, read: Read): Row => ({ ...row(label, read), detail: true });
  const ofDoors = (read: Read): Read => (side) => (side.findings.length === 0 ? notAsked : read(side));
  return [
    row(`registered addresses learnt, of ${sizes.victims}`, ofDoors(({ figures }) => figures.addressesLearnt)),
    detail('doors that tell', ofDoors(({ findings }) => `${findings.filter(({ evidence }) => evidence.length > 0).length} of ${findings.length}`)),
    row(`accounts entered, of ${sizes.victims}`, ({ figures }) => figures.accountsEntered),
    detail('password in a leaked list', ({ entered }) => entered.filter(({ listed }) => listed).length),
    detail('password in no list', ({ entered }) => entered.filter(({ listed }) => !listed).length),
    detail('most from one address', mostFromOneAddress),
    row('contact rows exported', ({ figures }) => figures.contactsExported),
    detail('distinct addresses in them', ({ figures }) => figures.mailsStolen),
    row('spam mails sent', ({ figures }) => figures.spamSent),
    ...secondFactorRows(row, detail, owners.length),
    row('first alarm, after the first request', ({ figures }) => alarmOf(figures)),
    row('owners warned of a stolen password', ({ victimsWarned }) => victimsWarned),
    row('ordinary sign-ins', ({ figures }) => figures.ordinaryLogins),
    detail('turned away', ({ figures }) => figures.ordinaryRefused),
    detail('99 of 100 requests within', ({ figures }) => `${figures.ordinaryP99Ms} ms`),
    row('requests of the attacker', ({ attackRequests }) => attackRequests),
    detail('told to come back later', ({ attackRefusals }) => attackRefusals),
  ];
}

/** In 2019 it took 22 hours to notice the enumeration, and 11 days to notice that accounts were entered. */
function alarmOf({ firstAlarmMs }: Figures): string {
  return firstAlarmMs === null ? 'none' : `${(firstAlarmMs / 1_000).toFixed(1)} s`;
}

const notAsked = '-';

type MakeRow = (label: string, read: Read) => Row;

/** What only the third run has. */
function secondFactorRows(row: MakeRow, detail: MakeRow, owners: number): readonly Row[] {
  const of = (name: keyof SecondFactorFigures): Read => ({ secondFactor }) => secondFactor === undefined ? notAsked : secondFactorFiguresOf(secondFactor)[name];
  return [
    row('right passwords that met a second factor', of('stopped')),
    detail('codes guessed or replayed', of('codesSent')),
    detail('authenticators enrolled by attackers', of('enrolledByAttacker')),
    detail('factors burnt or changed for the owner', of('factorsLost')),
    detail('passwords and addresses changed', of('credentialsChanged')),
    row(`owners back in with their factor, of ${owners}`, of('ownersBack')),
    detail('owners told of the attack by mail', of('ownersTold')),
    detail('mails to them', of('mailsToOwners')),
  ];
}

/** Most distinct accounts that one source address entered. */
export function mostFromOneAddress({ entered }: SideReport): number {
  const bySource = new Map<string, number>();
  for (const { source } of entered) bySource.set(source, (bySource.get(source) ?? 0) + 1);
  return Math.max(0, ...bySource.values());
}

/** What the figures do not say by themselves, and what is not built yet. */
export function notesOf(result: DrillResult): readonly string[] {
  const { unprotected, protected: guarded, mandatory } = result;
  const unlisted = guarded.entered.filter(({ listed }) => !listed).length;
  const listed = guarded.entered.length - unlisted;
  const tells = guarded.findings.filter(({ evidence }) => evidence.length > 0);
  const alarm = guarded.figures.firstAlarmMs;
  return [
    ...(unlisted > 0 ? [`${unlisted} accounts of the protected app were entered with leaked passwords that no list knows. A breach lookup cannot see these. In the third run the same passwords meet a mandatory second factor.`] : []),
    ...(listed > 0 ? [`${listed} accounts of the protected app were entered although their password is in a leaked list. That must not happen.`] : []),
    ...(tells.length > 0 ? [`The protected app tells who has an account at ${tells.map(({ title }) => title).join(', ')}. That must not happen.`] : []),
    ...openingsOf(result).map((opening) => `With a mandatory second factor: ${opening}. That must not happen.`),
    ...responseOpeningsOf(result).map((opening) => `In the response: ${opening}. That must not happen.`),
    'The seconds of the response are those of an operator who has the plan at hand and does not hesitate; the hours of 2019 are those of people who had to find out first.',
    ...(mandatory.secondFactor === undefined ? [] : [mailsNote(mandatory.secondFactor)]),
    'The third run does not ask the doors again: it begins with the pairs.',
    alarm === null ? 'No alarm in the protected run. That must not happen.' : `The first alarm of the protected run came ${alarmOf(guarded.figures)} after the attacker's first request. In 2019 the enumeration was noticed after 22 hours, and entered accounts 11 days after the first.`,
    `"Learnt" is what the attacker knows beyond what a coin would give: ${unprotected.findings.length} doors, one classifier for both apps, calibrated on addresses whose truth the attacker knows.`,
  ];
}

/** What the owners could read while it happened. */
function mailsNote({ mails }: SecondFactorReport): string {
  const counts = new Map<string, number>();
  for (const { subject } of mails) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  const list = [...counts].sort(([, a], [, b]) => b - a).map(([subject, count]) => `${count} x "${subject}"`);
  return `Mailed to the owners during the third run: ${list.join(', ') || 'nothing'}.`;
}
