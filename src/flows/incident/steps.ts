import type { ReadOnlyStrictness, ReadOnlySwitch } from '../../read-only/index.ts';
import { numberOf, type StepData, type StepName } from './record.ts';
import { forEachOf } from '../../kernel/for-each.ts';
import { inTime, isOfOneAccount, type Work } from './work.ts';

/** One step. It keeps what it needs to be gone on with, and answers what else the report is to tell. */
export interface Step {
  readonly name: StepName;
  readonly isWanted: boolean;
  /** Whether it goes through the list of the affected: it is over when it has been through all of it. */
  readonly followsList?: boolean;
  /** Whether it is the last look of a step that has been done: it is over when that has been taken, and leaves the time at which the step ended. */
  readonly last?: boolean;
  /** Whether it begins anew where it has failed or some accounts have: who is done is passed over. */
  readonly startsOver?: boolean;
  run(work: Work): Promise<StepData>;
}

const atOnce = 8;

const strictness: Readonly<Record<ReadOnlyStrictness, number>> = Object.freeze({ sensitive: 1, writes: 2, all: 3 });

/** The switch for everyone, if one is on. */
export function everyonesSwitch(switches: readonly ReadOnlySwitch[]): ReadOnlySwitch | undefined {
  return switches.find(({ scope }) => scope.kind === 'everyone');
}

/** A switch that is as strict and stays as long is left alone: to set it again would weaken it, and its owner will lift it. */
export async function switchOn(work: Work): Promise<StepData> {
  const { parts, plan: { readOnly: wanted } } = work;
  const { readOnly, clock } = parts;
  const { by, reason, lift } = work.record();
  if (wanted === false || lift !== undefined) return { outcome: 'lifted' };
  const { level, forMs } = wanted;
  // What is on in a record that nobody can read is not known; `set` puts a new one in its place.
  const current = await inTime(parts, 'readOnly.status', readOnly.status()).then(everyonesSwitch, () => undefined);
  const asked = work.data('read-only')['asked'] === true;
  if (current !== undefined && asked && isSame(current, { by, reason, level })) return { outcome: 'on', ...switchData(current) };
  if (current !== undefined && covers(current, level, forMs === undefined ? Infinity : clock.nowMs() + forMs)) return { outcome: 'left', ...switchData(current) };
  await work.keep('read-only', { asked: true, ...(current !== undefined && !asked && previousData(current)) });
  const made = await inTime(parts, 'readOnly.set', readOnly.set({ level, reason, by, ...(forMs !== undefined && { forMs }) }));
  return { outcome: 'on', ...switchData(made) };
}

function isSame(current: ReadOnlySwitch, { by, reason, level }: Pick<ReadOnlySwitch, 'by' | 'reason' | 'level'>): boolean {
  return current.by === by && current.reason === reason && current.level === level;
}

function covers({ level, untilMs = Infinity }: ReadOnlySwitch, wanted: ReadOnlyStrictness, endsMs: number): boolean {
  return strictness[level] >= strictness[wanted] && untilMs >= endsMs;
}

function switchData({ level, sinceMs, untilMs }: ReadOnlySwitch): StepData {
  return { level, sinceMs, untilMs };
}

/** What was on before, to be put back by `lift`. */
function previousData({ level, reason, by, untilMs }: ReadOnlySwitch): StepData {
  return { previousLevel: level, previousReason: reason, previousBy: by, previousUntilMs: untilMs };
}

/**
 * Raises one epoch, once. What was newest is written down first: whoever goes on after a crash sees whether the raise has happened.
 * In doubt (the clock was set back) it is raised again, which ends some new sessions and revives none.
 */
async function raiseOnce(work: Work, { at, organizationId }: { readonly at: number; readonly organizationId: string | undefined }): Promise<void> {
  const { parts } = work;
  const { epochs, clock } = parts;
  const { by } = work.record();
  const { at: begunAt, before, askedMs } = work.data('sessions');
  const newest = await inTime(parts, 'epochs.newest', epochs.newest(organizationId === undefined ? undefined : [organizationId]));
  const isRaised = begunAt === at && typeof before === 'number' && typeof askedMs === 'number' && newest > before && newest >= askedMs;
  if (isRaised) return;
  await work.keep('sessions', { at, before: newest, askedMs: clock.nowMs() });
  await inTime(parts, 'epochs', organizationId === undefined ? epochs.revokeEveryone({ by }) : epochs.revokeOrganization({ id: organizationId, by }));
}

/** Ends the sessions of everybody, or of the members of organizations. */
export async function endSessions(work: Work): Promise<StepData> {
  const { sessions, signal } = work.plan;
  if (sessions === 'everyone') await raiseOnce(work, { at: 0, organizationId: undefined });
  if (typeof sessions === 'object') {
    const from = numberOf(work.data('sessions'), 'at');
    for (const [at, organizationId] of sessions.organizations.entries()) {
      signal?.throwIfAborted();
      if (at >= from) await raiseOnce(work, { at, organizationId });
    }
  }
  return { outcome: 'ended' };
}

/** Goes through the records of the list that a step has not been through, and keeps how far it is. */
export async function throughList(work: Work, step: StepName, chunk: (at: number) => Promise<StepData>): Promise<void> {
  for (;;) {
    work.plan.signal?.throwIfAborted();
    const to = numberOf(work.data(step), 'to');
    if (to >= work.record().chunks) return;
    const data = await chunk(to);
    await work.keep(step, { ...data, to: to + 1 });
    work.progress(step, 'going');
  }
}

/** Ends the sessions of the affected alone. One whose record cannot be read has no session that counts, and is counted. */
export async function endSessionsOfAffected(work: Work): Promise<StepData> {
  const { parts, list } = work;
  const { by } = work.record();
  await throughList(work, 'sessions', async (at) => {
    const found = await list.read(at);
    let refused = 0;
    await forEachOf(found, atOnce, async ({ accountId }) => {
      try {
        await list.once(accountId, 'ended', () => inTime(parts, 'epochs', parts.epochs.revokeUser({ accountId, by })));
      } catch (error) {
        if (!isOfOneAccount(error)) throw error;
        refused += 1;
      }
    });
    const data = work.data('sessions');
    return { accounts: numberOf(data, 'accounts') + found.length, refused: numberOf(data, 'refused') + refused };
  });
  return { outcome: 'ended' };
}

/** Makes a second factor mandatory. A deadline that is earlier stays: an incident must not give anybody more time. */
export async function requireFactor(work: Work): Promise<StepData> {
  const { parts, plan } = work;
  const { mfa, clock } = parts;
  if (plan.secondFactor === false) return {};
  const { scope, graceMs } = plan.secondFactor;
  const current = await inTime(parts, 'mfa.read', mfa.read(scope));
  if (current !== undefined && current.graceUntilMs <= clock.nowMs() + graceMs) return { outcome: 'required', graceUntilMs: current.graceUntilMs };
  const { graceUntilMs } = await inTime(parts, 'mfa.require', mfa.require({ scope, graceMs, by: work.record().by }));
  return { outcome: 'required', graceUntilMs };
}
