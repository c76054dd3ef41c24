import type { Clock } from '../ports/clock.ts';
import type { EpochVerdict, SessionEpochs } from './epochs.ts';
import { isDoubted, type Known } from './known.ts';
import { markOf, readMark, readWiderMark, type ReadMark } from './mark.ts';
import type { EpochMemory } from './memory.ts';
import { checkedId, everyone, organizationIdsOf, organizationScope, userScope, type EpochScope } from './scope.ts';

/** How far the clocks of an app's machines may be apart. */
const clocksApartMs = 60_000;

export interface CheckParts {
  readonly memory: EpochMemory;
  readonly clock: Clock;
  readonly born: () => Promise<Known>;
  /** Wall-clock ms until which a session without a mark may live. */
  readonly adoptUntilMs: number;
}

/** One epoch of a session: what it carries, and whose it is. */
interface Claim {
  readonly scope: EpochScope;
  readonly marked: number;
}

export function createChecks({ memory, clock, born, adoptUntilMs }: CheckParts): Pick<SessionEpochs, 'check' | 'checkNow' | 'checkWider'> {
  let mayAdopt = true;

  /** Once over it stays over: a clock that is set back opens nothing again. */
  function isAdopting(): boolean {
    mayAdopt &&= clock.nowMs() < adoptUntilMs;
    return mayAdopt;
  }

  async function isCurrent({ scope, marked }: Claim): Promise<boolean> {
    return isOf(await memory.current(scope, marked), marked);
  }

  async function checkMarked(mark: ReadMark, own: readonly Claim[], ids: readonly string[]): Promise<EpochVerdict> {
    // First and alone: after a revocation of everyone, a million sessions of as many people cost one read.
    if (!(await isCurrent({ scope: everyone, marked: mark.everyone }))) return { live: false, reason: 'everyone' };
    const others = [...own];
    // Those of the mark too: an app that names no organizations is still told of their epochs.
    for (const id of new Set([...mark.organizations.keys(), ...ids])) others.push({ scope: organizationScope(id, 'epochs.check.organizationIds'), marked: mark.organizations.get(id) ?? 0 });
    const current = await Promise.all(others.map(isCurrent));
    return verdictOf(others.filter((_, at) => current[at] !== true).map(({ scope }) => scope));
  }

  async function adopt(accountId: string, ids: readonly string[], startedAtMs: number): Promise<EpochVerdict> {
    if (!isAdopting()) return { live: false, reason: 'unmarked' };
    const scopes: EpochScope[] = [userScope(accountId, 'epochs.check.accountId'), ...ids.map((id) => organizationScope(id, 'epochs.check.organizationIds'))];
    const remembered = await memory.current(everyone, 0);
    // What is remembered, and no newer look: a mark that carried a raise which the verdict has not seen would outlive it.
    const all = remembered.epoch === 0 && !isDoubted(remembered) ? await born() : remembered;
    const known = await Promise.all(scopes.map((scope) => memory.current(scope, 0)));
    // Two times, perhaps of two machines: one that may have been before the raise was.
    const isOver = (each: Known): boolean => isDoubted(each) || (each.raisedMs > 0 && each.raisedMs + clocksApartMs >= startedAtMs);
    const ended = scopes.filter((_, at) => isOver(known[at] as Known));
    if (isOver(all)) return { live: false, reason: 'everyone' };
    if (ended.length > 0) return verdictOf(ended);
    const [own, ...others] = known.map(({ epoch }) => epoch);
    return { live: true, adopt: markOf(all.epoch, own as number, ids.map((id, at) => [id, others[at] as number])) };
  }

  function decide({ accountId, organizationIds, mark: given, startedAtMs }: Parameters<SessionEpochs['check']>[0]): EpochVerdict | Promise<EpochVerdict> {
    checkedId(accountId, 'epochs.check.accountId');
    const ids = organizationIdsOf(organizationIds, 'epochs.check.organizationIds');
    const mark = readMark(given);
    if (mark === 'malformed') return { live: false, reason: 'malformed' };
    if (mark === 'unmarked') return adopt(accountId, ids, startedBefore(startedAtMs, clock.nowMs()));
    return livesByMemory(memory, { mark, accountId, ids }) ? alive : checkMarked(mark, [{ scope: userScope(accountId, 'epochs.check.accountId'), marked: mark.user }], ids);
  }

  return {
    check: (question) => settled(() => decide(question)),
    checkNow: (question) => checkedNow(memory, question),
    async checkWider({ mark: given, organizationIds }) {
      const ids = organizationIdsOf(organizationIds, 'epochs.checkWider.organizationIds');
      const mark = readWiderMark(given);
      return mark !== undefined && (await checkMarked(mark, [], ids)).live;
    },
  };
}

/** Awaits nothing that is there already. */
function settled<T>(decide: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(decide());
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new TypeError('epochs: something threw without an Error', { cause: error }));
  }
}

const alive = Object.freeze({ live: true } as const);

function checkedNow(memory: EpochMemory, question: Parameters<SessionEpochs['checkNow']>[0]): typeof alive | undefined {
  try {
    const { accountId, organizationIds, mark: given } = question;
    const mark = readMark(given);
    if (typeof mark === 'string') return undefined;
    return livesByMemory(memory, { mark, accountId, ids: organizationIdsOf(organizationIds, 'epochs.check.organizationIds') }) ? alive : undefined;
  } catch {
    // `check` will say what is wrong.
    return undefined;
  }
}

/**
 * Whether a session lives by what is remembered; else somebody has to be asked, or it does not live. On every request of an app, so
 * that it awaits nothing.
 */
function livesByMemory(memory: EpochMemory, { mark, accountId, ids }: { readonly mark: ReadMark; readonly accountId: string; readonly ids: readonly string[] }): boolean {
  const is = (scope: EpochScope, marked: number): boolean => {
    const known = memory.recent(scope, marked);
    return known !== undefined && isOf(known, marked);
  };
  if (!is(everyone, mark.everyone) || !is(userScope(accountId, 'epochs.check.accountId'), mark.user)) return false;
  for (const [id, marked] of mark.organizations) if (!is(organizationScope(id, 'epochs.check.organizationIds'), marked)) return false;
  return ids.every((id) => mark.organizations.has(id) || is(organizationScope(id, 'epochs.check.organizationIds'), 0));
}

function isOf(known: Known, marked: number): boolean {
  return known.epoch === marked && !isDoubted(known);
}

/** An organization before the user: the wider scope says more. */
function verdictOf(ended: readonly EpochScope[]): EpochVerdict {
  if (ended.length === 0) return { live: true };
  return { live: false, reason: ended.some(({ kind }) => kind === 'organization') ? 'organization' : 'user' };
}

/** What is no time, or is still to come, outlives no raise. */
function startedBefore(startedAtMs: unknown, nowMs: number): number {
  return typeof startedAtMs === 'number' && startedAtMs > 0 ? Math.min(startedAtMs, nowMs) : 1;
}
