import { noCauses, type Affected, type AffectedBecause } from './affected-list.ts';
import { noNotices, totalOf, type ContainReport } from './contain-report.ts';
import { lookAt, streamsOf } from './find.ts';
import type { IncidentParts } from './parts.ts';
import type { Plan } from './plan.ts';
import { stepNames } from './record.ts';
import { slicesOf } from './walk.ts';
import { sliceSize } from './work.ts';

/** Accounts that are told apart. Beyond them, one that is found twice counts twice. */
const maxTold = 200_000;

/** Counts what `contain` would do: nothing is written and nobody is mailed. The exposure source is asked, if the plan says so. */
export async function preview(parts: IncidentParts, plan: Plan): Promise<ContainReport> {
  const beganMs = parts.clock.nowMs();
  const because: Record<AffectedBecause, number> = { ...noCauses };
  const seen = new Set<string>();
  let passedOver = 0;

  function count({ accountId, because: cause }: Affected): void {
    if (seen.has(accountId)) return;
    because[cause] += 1;
    if (seen.size < maxTold) seen.add(accountId);
    else passedOver += 1;
  }

  for (const { isWanted, found } of streamsOf(parts, plan, { beganMs, steps: {} })) {
    if (!isWanted) continue;
    for await (const one of found()) count(one);
  }
  let [everybody, withoutSecondFactor, exposureUnknown, failed] = [0, 0, 0, 0];
  if (parts.pages !== undefined) {
    for await (const { accounts } of slicesOf(parts.pages, { from: { cursor: undefined, skip: 0 }, size: sliceSize, signal: plan.signal })) {
      const looked = await lookAt(parts, plan, accounts);
      for (const one of looked.found) count(one);
      exposureUnknown += looked.unknown;
      failed += looked.refused;
      everybody += accounts.length;
      withoutSecondFactor += accounts.filter(({ hasSecondFactor }) => !hasSecondFactor).length;
    }
  }
  const total = totalOf(because);
  return Object.freeze({
    id: plan.id,
    dryRun: true,
    complete: false,
    by: plan.by,
    reason: plan.reason,
    beganMs,
    affected: { total, because, ...(passedOver > 0 && { atMost: true }) },
    exposureUnknown,
    failed,
    resets: { marked: 0, already: 0, failed: 0 },
    notices: { affected: noNotices, everyoneElse: noNotices },
    ...(parts.pages !== undefined && { others: { accounts: Math.max(0, everybody - total), withoutSecondFactor } }),
    steps: stepNames.map((step) => ({ step, state: 'not-begun' as const })),
  } satisfies ContainReport);
}
