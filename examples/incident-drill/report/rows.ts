import type { DrillResult } from '../drill.ts';
import type { SideReport } from '../side.ts';

/** One line of the side-by-side table. */
export interface Row {
  readonly label: string;
  readonly unprotected: string;
  readonly protected: string;
  /** A line that says more about the one before it. */
  readonly detail?: true;
}

/** The table, for the terminal and for the page. */
export function rowsOf(result: DrillResult): readonly Row[] {
  const victims = result.plan.sizes.victims;
  const row = (label: string, read: (side: SideReport) => string | number): Row => ({ label, unprotected: String(read(result.unprotected)), protected: String(read(result.protected)) });
  const detail = (label: string, read: (side: SideReport) => string | number): Row => ({ ...row(label, read), detail: true });
  return [
    row(`registered addresses learnt, of ${victims}`, ({ figures }) => figures.addressesLearnt),
    detail('doors that tell', ({ findings }) => `${findings.filter(({ evidence }) => evidence.length > 0).length} of ${findings.length}`),
    row(`accounts entered, of ${victims}`, ({ figures }) => figures.accountsEntered),
    detail('password in a leaked list', ({ entered }) => entered.filter(({ listed }) => listed).length),
    detail('password in no list', ({ entered }) => entered.filter(({ listed }) => !listed).length),
    detail('most from one address', mostFromOneAddress),
    row('contact rows exported', ({ figures }) => figures.contactsExported),
    detail('distinct addresses in them', ({ figures }) => figures.mailsStolen),
    row('spam mails sent', ({ figures }) => figures.spamSent),
    row('first alarm', ({ figures }) => (figures.firstAlarmMs === null ? 'none' : `${figures.firstAlarmMs} ms`)),
    row('owners warned of a stolen password', ({ victimsWarned }) => victimsWarned),
    row('ordinary sign-ins', ({ figures }) => figures.ordinaryLogins),
    detail('turned away', ({ figures }) => figures.ordinaryRefused),
    detail('99 of 100 requests within', ({ figures }) => `${figures.ordinaryP99Ms} ms`),
    row('requests of the attacker', ({ attackRequests }) => attackRequests),
    detail('told to come back later', ({ attackRefusals }) => attackRefusals),
  ];
}

/** Most distinct accounts that one source address entered. */
export function mostFromOneAddress({ entered }: SideReport): number {
  const bySource = new Map<string, number>();
  for (const { source } of entered) bySource.set(source, (bySource.get(source) ?? 0) + 1);
  return Math.max(0, ...bySource.values());
}

/** What the figures do not say by themselves, and what is not built yet. */
export function notesOf({ unprotected, protected: guarded }: DrillResult): readonly string[] {
  const unlisted = guarded.entered.filter(({ listed }) => !listed).length;
  const listed = guarded.entered.length - unlisted;
  const tells = guarded.findings.filter(({ evidence }) => evidence.length > 0);
  return [
    ...(unlisted > 0 ? [`${unlisted} accounts of the protected app were entered with leaked passwords that no list knows. A breach lookup cannot see these; only a second factor, or a guard that weighs where a login comes from, can. Neither is built yet.`] : []),
    ...(listed > 0 ? [`${listed} accounts of the protected app were entered although their password is in a leaked list. That must not happen.`] : []),
    ...(tells.length > 0 ? [`The protected app tells who has an account at ${tells.map(({ title }) => title).join(', ')}. That must not happen.`] : []),
    ...(unprotected.figures.firstAlarmMs === null && guarded.figures.firstAlarmMs === null ? ['No alarm on either side: there is no monitor yet, and a refusal is not an alarm.'] : []),
    `"Learnt" is what the attacker knows beyond what a coin would give: ${unprotected.findings.length} doors, one classifier for both apps, calibrated on addresses whose truth the attacker knows.`,
  ];
}
