import type { Clock } from '../../ports/clock.ts';
import type { CounterCharge, CounterVerdict } from '../../ports/counter-store.ts';
import { redisCounters, type CounterParts, type RemoteCounters } from './counters.ts';
import { slotGroups } from './slots.ts';
import { createSuspects } from './suspects.ts';

/** The charges of one slot, and where they stand in the call. */
interface Group {
  readonly places: readonly number[];
  readonly charges: readonly CounterCharge[];
  /** The names of their keys in the server. */
  readonly names: readonly string[];
}

/** After that a charge is not given back any more: time has done it, and units that others have spent since would be theirs. */
const undoWithinMs = 1_000;

/**
 * Counters in a cluster, where a script reaches one slot: one script for each slot of a decision, all sent at once. Where
 * some refuse, what the others charged is given back before the answer. So no limit is ever passed, and a key may for a
 * moment seem to have less left than it has. Where a key refused a moment ago, all are asked before any is charged.
 */
export function clusterCounters(parts: CounterParts & { readonly clock: Clock }): RemoteCounters {
  const slot = redisCounters(parts, { together: false });
  const suspects = createSuspects(parts.clock);

  /** Copies: the caller may change what it gave while the answer is on its way. */
  function groupsOf(given: readonly CounterCharge[]): readonly Group[] {
    const charges = given.map(({ rule, key, cost }) => ({ rule: { ...rule }, key, cost }));
    const names = charges.map(({ rule, key }) => parts.names.counter(rule, key));
    return slotGroups(names).map((places) => ({ places, charges: places.map((at) => charges[at] as CounterCharge), names: places.map((at) => names[at] as string) }));
  }

  async function peek(groups: readonly Group[]): Promise<CounterVerdict> {
    return merged(groups, await Promise.all(groups.map((group) => slot.peek(group.charges))));
  }

  async function take(groups: readonly Group[]): Promise<CounterVerdict> {
    const beganMs = parts.clock.monotonicMs();
    const answers = await Promise.allSettled(groups.map((group) => slot.take(group.charges)));
    const charged = groups.filter((_, at) => isAllowed(answers[at]));
    if (charged.length === groups.length) return merged(groups, valuesOf(answers));
    // One that cannot be given back leaves its key with less: never with more.
    if (parts.clock.monotonicMs() - beganMs <= undoWithinMs) await Promise.allSettled(charged.map((group) => slot.giveBack(group.charges)));
    const verdicts = valuesOf(answers).map((verdict, at) => (verdict.allowed ? uncharged(verdict, groups[at] as Group) : verdict));
    for (const [at, { charges, names }] of groups.entries()) suspects.note(charges, names, verdicts[at] as CounterVerdict);
    return merged(groups, verdicts);
  }

  return {
    ...slot,
    async take(charges) {
      const groups = groupsOf(charges);
      if (groups.length === 1) return slot.take(charges);
      if (groups.some(({ names }) => suspects.among(names))) {
        const verdict = await peek(groups);
        if (!verdict.allowed) return verdict;
      }
      return take(groups);
    },
    peek: async (charges) => peek(groupsOf(charges)),
    async giveBack(charges) {
      await Promise.all(groupsOf(charges).map((group) => slot.giveBack(group.charges)));
    },
  };
}

function isAllowed(answer: PromiseSettledResult<CounterVerdict> | undefined): boolean {
  return answer?.status === 'fulfilled' && answer.value.allowed;
}

/** Throws the first failure. */
function valuesOf(answers: readonly PromiseSettledResult<CounterVerdict>[]): readonly CounterVerdict[] {
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  });
}

/** As it stood before the charge. */
function uncharged({ aheadMs }: CounterVerdict, { charges }: Group): CounterVerdict {
  return { allowed: true, aheadMs: charges.map(({ rule, cost }, at) => Math.max(0, (aheadMs[at] as number) - cost * rule.intervalMs)) };
}

function merged(groups: readonly Group[], verdicts: readonly CounterVerdict[]): CounterVerdict {
  const aheadMs: number[] = [];
  for (const [at, { places }] of groups.entries()) {
    for (const [index, place] of places.entries()) aheadMs[place] = verdicts[at]?.aheadMs[index] as number;
  }
  return { allowed: verdicts.every(({ allowed }) => allowed), aheadMs };
}
