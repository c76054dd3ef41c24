import { StoreError } from '../../kernel/errors.ts';
import { forEachOf } from '../../kernel/for-each.ts';
import type { StoredAccount } from '../../ports/accounts.ts';
import type { Affected } from './affected-list.ts';
import type { IncidentParts } from './parts.ts';
import { numberOf, type StepData } from './record.ts';
import { inTime, isOfOneAccount, type Work } from './work.ts';

const atOnce = 8;
/** So many in a row say that the store is down, and not that there is something about these accounts. */
const mostFailedInARow = 20;

/** Whether there is something beside passwords that can be shut. */
export function hasDoors({ devices, endResets }: Pick<IncidentParts, 'devices' | 'endResets'>): boolean {
  return devices !== undefined || endResets !== undefined;
}

/**
 * Shuts what lets attackers in again: first the password, so that no browser is made known again by it, then known browsers and open
 * links to a new password. Neither waits for the other to succeed.
 */
export async function shutAffected(work: Work): Promise<StepData> {
  const { parts, plan: { reset } } = work;
  // For the report, also where it fails.
  if (work.data('resets')['marks'] === undefined) await work.keep('resets', { marks: reset !== false, doors: hasDoors(parts) });
  const failures: { readonly error: unknown }[] = [];
  for (const shut of [markResets, endDoors]) {
    await shut(work).catch((error: unknown) => {
      failures.push({ error });
    });
  }
  if (failures[0] !== undefined) throw failures[0].error;
  return {};
}

/**
 * Makes the known browsers of the affected strangers and ends their open links: once for each account, since its owner may ask for a
 * link afterwards. Who cannot be shut is passed over and fails the step in the end; the next call begins with them.
 */
async function endDoors(work: Work): Promise<void> {
  const { parts, plan: { reset, signal }, list } = work;
  if (!hasDoors(parts)) return;
  // Without marks it is this that says how far the step has followed the list.
  const field = reset === false ? 'to' : 'shutTo';
  const kept = (): number => numberOf(work.data('resets'), field);
  let failure: { readonly error: unknown } | undefined;
  let [inARow, refused] = [0, 0];

  async function shut({ accountId }: Affected): Promise<void> {
    try {
      await list.once(accountId, 'shut', () => shutDoors(parts, accountId));
      inARow = 0;
    } catch (error) {
      if (isOfOneAccount(error)) refused += 1;
      else failure ??= { error };
      inARow += 1;
      if (failure !== undefined && inARow >= mostFailedInARow) throw error;
    }
  }

  for (let at = kept(); at < work.record().chunks; at += 1) {
    signal?.throwIfAborted();
    refused = 0;
    await forEachOf(await list.read(at), atOnce, shut);
    // Another call may have kept that it is here, or further.
    while (failure === undefined && kept() <= at) await work.keep('resets', { [field]: at + 1, refused: numberOf(work.data('resets'), 'refused') + refused });
  }
  if (failure !== undefined) throw failure.error;
}

async function shutDoors(parts: IncidentParts, accountId: string): Promise<void> {
  if (parts.devices !== undefined) await inTime(parts, 'devices.revokeAll', parts.devices.revokeAll(accountId));
  if (parts.endResets !== undefined) await inTime(parts, 'endResets', parts.endResets(accountId));
}

/**
 * Marks the passwords of the affected. The part of the list that is marked in one go is written down before: it is the name of a job
 * that marks nobody twice, however often it is begun.
 */
async function markResets(work: Work): Promise<StepData> {
  const { parts, plan, list } = work;
  const { id, run, by } = work.record();
  const { reset, affected: { passwordsSetBeforeMs }, signal } = plan;
  if (reset === false) return {};
  if (passwordsSetBeforeMs !== undefined && work.data('resets')['beforeDone'] !== true) {
    await inTime(parts, 'resets.markBefore', parts.resets.markBefore({ beforeMs: passwordsSetBeforeMs, reason: reset, by }));
    await work.keep('resets', { beforeDone: true });
  }
  for (;;) {
    const data = work.data('resets');
    const from = numberOf(data, 'to');
    const upTo = numberOf(data, 'upTo') > from ? numberOf(data, 'upTo') : work.record().chunks;
    if (from >= upTo) return {};
    // Written once: many calls that each wrote it again would take each other's turn to write the end.
    if (numberOf(data, 'upTo') !== upTo && !(await work.keep('resets', { upTo }))) continue;
    const pages = async (cursor: string | undefined) => {
      const at = cursor === undefined ? from : Number(cursor);
      return { accounts: (await list.read(at)).map(({ accountId }) => bare(accountId)), next: at + 1 < upTo ? String(at + 1) : undefined };
    };
    const onProgress = ({ seen }: { readonly seen: number }): void => {
      work.progress('resets', 'going', numberOf(data, 'accounts') + seen);
    };
    const counts = await parts.resets.markAll({ id: `incident ${id} ${run} ${from}-${upTo}`, reason: reset, by, pages, onProgress, ...(signal && { signal }) });
    if (!counts.done) throw new StoreError('incident: resets.markAll has not come to its end');
    await work.keep('resets', {
      to: upTo,
      accounts: numberOf(data, 'accounts') + counts.seen,
      marked: numberOf(data, 'marked') + counts.marked,
      already: numberOf(data, 'already') + counts.already,
      failed: numberOf(data, 'failed') + counts.failed,
    });
  }
}

/** Of an account that is marked, the id is all that counts. */
function bare(id: string): StoredAccount {
  return { id, email: '', passwordHash: undefined, active: true, needsBreachRecheck: false, hasSecondFactor: false };
}
