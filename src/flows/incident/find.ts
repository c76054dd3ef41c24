import { StoreError } from '../../kernel/errors.ts';
import type { StoredAccount } from '../../ports/accounts.ts';
import type { ExposureVerdict } from '../../ports/exposure-source.ts';
import { chunkSize, type Affected } from './affected-list.ts';
import { numberOf, type IncidentRecord, type StepData, type StepName } from './record.ts';
import type { IncidentParts } from './parts.ts';
import type { Plan } from './plan.ts';
import { forEachOf } from '../../kernel/for-each.ts';
import { orStopped } from '../../kernel/or-stopped.ts';
import { isAccountId } from './walk.ts';
import { inTime, isOfOneAccount, throughTable, type Work } from './work.ts';

const atOnce = 8;
/** So many in a row say that the source is out of order, and not that there is something about these accounts. */
const mostUnknownInARow = 20;
/** Accounts that are known to have been put out; beyond them, some are put out again. */
const maxRemembered = 100_000;

/** The times between which the attack is looked for: until the sessions had ended, since attackers may have come in until then. */
function windowOf({ affected: { fromMs = 0, untilMs } }: Plan, { beganMs, steps }: Pick<IncidentRecord, 'beganMs' | 'steps'>, nowMs: number): { readonly fromMs: number; readonly untilMs: number } {
  return { fromMs, untilMs: untilMs ?? Math.max(fromMs, beganMs, steps.sessions?.endedMs ?? nowMs) };
}

/** A way to find the affected that is gone through from its beginning. */
interface Stream {
  readonly isWanted: boolean;
  readonly found: () => AsyncGenerator<Affected, void, undefined>;
}

/** The streams, in their order: those of which most is known first, since the first reason is kept. */
export function streamsOf(parts: IncidentParts, plan: Plan, record: Pick<IncidentRecord, 'beganMs' | 'steps'>): readonly Stream[] {
  const { accountIds, sources, breached } = plan.affected;
  const span = windowOf(plan, record, parts.clock.nowMs());
  return [
    { isWanted: accountIds !== undefined, found: () => listed(accountIds ?? []) },
    { isWanted: sources !== undefined, found: () => signedIn(parts, plan, { sources: sources ?? [], ...span }) },
    { isWanted: breached === true && parts.entries !== undefined, found: () => refusedForLeak(parts, plan, span) },
  ];
}

async function* listed(accountIds: readonly string[]): AsyncGenerator<Affected, void, undefined> {
  for (const accountId of accountIds) yield await Promise.resolve({ accountId, because: 'listed' });
}

async function* signedIn({ signIns }: IncidentParts, { signal }: Plan, query: { readonly sources: readonly string[]; readonly fromMs: number; readonly untilMs: number }): AsyncGenerator<Affected, void, undefined> {
  if (signIns === undefined) return;
  for await (const given of stoppable(signIns(query), signal)) {
    const { accountId, atMs } = Object(given) as { readonly accountId?: unknown; readonly atMs?: unknown };
    if (!isAccountId(accountId)) throw new StoreError('incident.signIns: expected { accountId, atMs }');
    yield { accountId, because: 'signed-in', ...(Number.isFinite(atMs) && { atMs: atMs as number }) };
  }
}

/** Refused at a sign-in although the password was right, because it is in a leak. A new password that was refused says nothing of the old one. */
async function* refusedForLeak({ entries }: IncidentParts, { signal }: Plan, span: { readonly fromMs: number; readonly untilMs: number }): AsyncGenerator<Affected, void, undefined> {
  if (entries === undefined) return;
  for await (const entry of stoppable(entries({ events: ['sign-in.failed'], ...span }), signal)) {
    const { account, event, details } = Object(entry) as { readonly account?: unknown; readonly event?: unknown; readonly details?: unknown };
    const { reason } = Object(details) as { readonly reason?: unknown };
    if (event === 'sign-in.failed' && reason === 'breached-password' && isAccountId(account)) yield { accountId: account, because: 'breached' };
  }
}

/** A stream of the app's that ends when it is told to. */
export async function* stoppable<T>(stream: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T, void, undefined> {
  const iterator = stream[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await orStopped(iterator.next(), signal);
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not waited for: a stream that hangs would hang here as well.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** Finds all that can be found without asking anybody outside. */
export async function find(work: Work): Promise<StepData> {
  const { parts, plan } = work;
  for (const [stage, stream] of streamsOf(parts, plan, work.record()).entries()) {
    if (numberOf(work.data('find'), 'stage') > stage) continue;
    if (stream.isWanted) await addAll(work, 'find', stream.found());
    await work.keep('find', { stage: stage + 1 });
  }
  if (plan.affected.breached === true && parts.pages !== undefined) await throughTable(work, 'find', addingTo(work, breachedOf), chunkSize);
  return {};
}

/**
 * Finds who came in from the attack's sources after their sessions had ended, while the others were being found and marked. Whoever did
 * loses that session too, also an account that was on the list before. A second look that is cut short looks at all of it again.
 */
export async function lookLast(work: Work): Promise<StepData> {
  const { parts, plan } = work;
  const { beganMs } = work.record();
  const { sources = [], fromMs: attackedMs = 0 } = plan.affected;
  const nowMs = parts.clock.nowMs();
  // Wider than it need be: a clock that was set back must hide nobody.
  const fromMs = Math.max(attackedMs, Math.min(beganMs, nowMs));
  const found = signedIn(parts, plan, { sources, fromMs, untilMs: Math.max(fromMs, beganMs, nowMs) });
  await addAll(work, 'find', found, createPuttingOut(work));
  return { last: true };
}

/** Ends the sessions of accounts. Not only once for an incident: they may have come in since the last time. */
function createPuttingOut({ parts, record, keep, data }: Work): (batch: readonly Affected[]) => Promise<void> {
  const { by } = record();
  const done = new Set<string>();
  return async function putOut(batch) {
    const fresh = [...new Set(batch.map(({ accountId }) => accountId))].filter((accountId) => !done.has(accountId));
    let refused = 0;
    await forEachOf(fresh, atOnce, async (accountId) => {
      try {
        await inTime(parts, 'epochs', parts.epochs.revokeUser({ accountId, by }));
      } catch (error) {
        if (!isOfOneAccount(error)) throw error;
        refused += 1;
      }
    });
    if (refused > 0) await keep('find', { refused: numberOf(data('find'), 'refused') + refused });
    if (done.size > maxRemembered) done.clear();
    for (const accountId of fresh) done.add(accountId);
  };
}

async function addAll(work: Work, step: StepName, found: AsyncIterable<Affected>, andThen?: (batch: readonly Affected[]) => Promise<void>): Promise<void> {
  let batch: Affected[] = [];
  for await (const one of found) {
    batch.push(one);
    if (batch.length < chunkSize) continue;
    await add(work, step, batch);
    await andThen?.(batch);
    batch = [];
  }
  await add(work, step, batch);
  await andThen?.(batch);
}

async function add(work: Work, step: StepName, batch: readonly Affected[]): Promise<void> {
  const { list, keep, record, plan } = work;
  plan.signal?.throwIfAborted();
  const seen = numberOf(work.data(step), 'accounts') + batch.length;
  await keep(step, { accounts: seen }, await list.add(batch, record().chunks));
  work.progress(step, 'going');
}

/** What a slice of the table says: who of it is affected, and what the step is to keep. */
type Look = (work: Pick<Work, 'parts' | 'plan'>, accounts: readonly StoredAccount[], data: StepData) => Promise<{ readonly found: readonly Affected[]; readonly data: StepData }>;

const addingTo = (work: Work, look: Look) => async (accounts: readonly StoredAccount[], data: StepData) => {
  const looked = await look(work, accounts, data);
  return { data: { ...looked.data, accounts: numberOf(data, 'accounts') + accounts.length }, chunks: await work.list.add(looked.found, work.record().chunks) };
};

const breachedOf: Look = async ({ parts: { resets } }, accounts, data) => {
  const found: Affected[] = [];
  let refused = 0;
  await forEachOf(accounts, atOnce, async ({ id, organizationIds }) => {
    try {
      const mark = await resets.check({ accountId: id, organizationIds });
      if (mark?.reason === 'breached') found.push({ accountId: id, because: 'breached' });
    } catch (error) {
      // One that is refused must not hide all the others.
      if (!isOfOneAccount(error)) throw error;
      refused += 1;
    }
  });
  return { found, data: { refused: numberOf(data, 'refused') + refused } };
};

/** Finds those whose address is in a leak. An account that nobody can tell of is counted and passed over. */
export async function findExposed(work: Work): Promise<StepData> {
  await throughTable(work, 'find-exposed', addingTo(work, exposedOf));
  return {};
}

const exposedOf: Look = async ({ parts: { exposure }, plan: { signal } }, accounts, data) => {
  const found: Affected[] = [];
  let [unknown, inARow] = [0, numberOf(data, 'inARow')];
  await forEachOf(accounts, atOnce, async ({ id, email }) => {
    const verdict = await askedFor(exposure, email, signal);
    if (verdict.verdict === 'exposed') found.push({ accountId: id, because: 'exposed' });
    if (verdict.verdict !== 'unknown') {
      inARow = 0;
      return;
    }
    unknown += 1;
    if (verdict.reason !== 'invalid-input') inARow += 1;
    if (verdict.reason === 'key-refused' || inARow >= mostUnknownInARow) throw new StoreError('incident.exposure: expected answers, got none');
  });
  return { found, data: { unknown: numberOf(data, 'unknown') + unknown, inARow } };
};

/** The same for a dry run: who of these accounts is affected, for one reason or the other. */
export async function lookAt(parts: IncidentParts, plan: Plan, accounts: readonly StoredAccount[]): Promise<{ readonly found: readonly Affected[]; readonly unknown: number; readonly refused: number }> {
  const { breached, exposed } = plan.affected;
  const ofMarks = breached === true ? await breachedOf({ parts, plan }, accounts, {}) : undefined;
  const ofLeaks = exposed === true ? await exposedOf({ parts, plan }, accounts, {}) : undefined;
  return { found: [...(ofMarks?.found ?? []), ...(ofLeaks?.found ?? [])], unknown: numberOf(ofLeaks?.data, 'unknown'), refused: numberOf(ofMarks?.data, 'refused') };
}

/** Never rejects but for the signal: a source of the app's own may throw or answer nonsense. */
async function askedFor(exposure: IncidentParts['exposure'], email: unknown, signal: AbortSignal | undefined): Promise<ExposureVerdict> {
  if (exposure === undefined || typeof email !== 'string' || email === '' || email.length > 320) return { verdict: 'unknown', reason: 'invalid-input' };
  try {
    const answer: unknown = await orStopped(exposure.check({ email, ...(signal && { signal }) }), signal);
    const { verdict, reason } = Object(answer) as { readonly verdict?: unknown; readonly reason?: unknown };
    if (verdict === 'exposed') return { verdict, breaches: [] };
    if (verdict === 'clean') return { verdict };
    return { verdict: 'unknown', reason: typeof reason === 'string' ? reason : 'malformed' };
  } catch {
    signal?.throwIfAborted();
    return { verdict: 'unknown', reason: 'source-failed' };
  }
}
