import type { CounterCharge, CounterVerdict } from '../../ports/counter-store.ts';
import { redisCounters, type CounterParts, type RemoteCounters } from './counters.ts';
import { slotGroups } from './slots.ts';

/** The charges of one slot, and where they stand in the call. */
interface Group {
  readonly places: readonly number[];
  readonly charges: readonly CounterCharge[];
}

/**
 * Counters in a cluster, where a script reaches one slot: one script for each slot of a decision, all sent at once. Where
 * some refuse, what the others charged is given back before the answer. So no limit is ever passed, and a key may for a
 * moment seem to have less left than it has.
 */
export function clusterCounters(parts: CounterParts): RemoteCounters {
  const slot = redisCounters(parts);

  /** Copies: the caller may change what it gave while the answer is on its way. */
  function groupsOf(given: readonly CounterCharge[]): readonly Group[] {
    const charges = given.map(({ rule, key, cost }) => ({ rule: { ...rule }, key, cost }));
    const groups = slotGroups(charges.map(({ rule, key }) => parts.names.counter(rule.name, key)));
    return groups.map((places) => ({ places, charges: places.map((at) => charges[at] as CounterCharge) }));
  }

  return {
    ...slot,
    async take(charges) {
      const groups = groupsOf(charges);
      if (groups.length === 1) return slot.take(charges);
      const answers = await Promise.allSettled(groups.map((group) => slot.take(group.charges)));
      const charged = groups.filter((_, at) => isAllowed(answers[at]));
      if (charged.length === groups.length) return merged(groups, valuesOf(answers), charges.length);
      // One that cannot be given back leaves its key with less: never with more.
      await Promise.allSettled(charged.map((group) => slot.giveBack(group.charges)));
      const verdicts = valuesOf(answers).map((verdict, at) => (verdict.allowed ? uncharged(verdict, groups[at] as Group) : verdict));
      return merged(groups, verdicts, charges.length);
    },
    async peek(charges) {
      const groups = groupsOf(charges);
      return merged(groups, await Promise.all(groups.map((group) => slot.peek(group.charges))), charges.length);
    },
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

function merged(groups: readonly Group[], verdicts: readonly CounterVerdict[], count: number): CounterVerdict {
  const aheadMs = new Array<number>(count);
  for (const [at, { places }] of groups.entries()) {
    for (const [index, place] of places.entries()) aheadMs[place] = verdicts[at]?.aheadMs[index] as number;
  }
  return { allowed: verdicts.every(({ allowed }) => allowed), aheadMs };
}
