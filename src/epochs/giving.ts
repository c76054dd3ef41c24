import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { EpochMark } from '../ports/session.ts';
import { isDoubted, type Known } from './known.ts';
import { markOf } from './mark.ts';
import type { EpochMemory } from './memory.ts';
import { bornEpoch, raiseEpoch, type Raised } from './record.ts';
import { everyone, organizationIdsOf, organizationScope, userScope, type EpochScope, type EpochSubject } from './scope.ts';

export interface GivingParts {
  readonly records: RecordStore;
  readonly memory: EpochMemory;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
}

export interface RaiseOrder {
  readonly by: string;
  readonly othersWillDo: boolean;
}

/** What writes epochs and gives marks. */
export interface Giving {
  readonly mark: (who: EpochSubject) => Promise<EpochMark>;
  /** Everyone's epoch, made where there is none. */
  readonly born: () => Promise<Known>;
  readonly raise: (scope: EpochScope, order: RaiseOrder) => Promise<Raised>;
}

const birthBytes = 5;
/** Who raises what the store has lost. */
const repairedBy = 'epochs';

export function createGiving({ records, memory, clock, random, emit }: GivingParts): Giving {
  /** Below 2^40 ms, which was in 2004: the first raise is above it and is a time. */
  function newBirth(): number {
    return Buffer.from(random(birthBytes)).readUIntBE(0, birthBytes) + 1;
  }

  async function born(): Promise<Known> {
    const begunMs = clock.monotonicMs();
    return memory.wrote(everyone, await bornEpoch(records, everyone, newBirth), begunMs);
  }

  async function raise(scope: EpochScope, { by, othersWillDo }: RaiseOrder): Promise<Raised> {
    // Everyone's record comes before all others: by its birth a process sees that what it knows of them is of another life of the store.
    if (scope.kind !== 'everyone' && !(memory.recall(everyone)?.birth ?? 0)) await born();
    const begunMs = clock.monotonicMs();
    const above = memory.recall(scope)?.highest ?? 0;
    const raised = await raiseEpoch(records, scope, { nowMs: clock.nowMs(), above, newBirth, othersWillDo });
    memory.wrote(scope, raised.after, begunMs);
    const { kind } = scope;
    if (kind === 'user') emit({ type: 'session.epoch-raised', accountId: scope.id, scope: kind, by });
    else emit({ type: 'session.epoch-raised', scope: kind, ...(kind === 'organization' && { id: scope.id }), by });
    return raised;
  }

  /** The epoch that a new mark carries. One that this process has seen higher is raised again: equal to the old one it would revive old sessions. */
  async function given(scope: EpochScope): Promise<number> {
    const { record, known } = await memory.look(scope);
    // Not raised, also where this process knows of one: others may have seen newer ones, and a new birth is like none of them.
    if (record.epoch === 0 && scope.kind === 'everyone') return (await born()).epoch;
    return isDoubted(known) ? (await raise(scope, { by: repairedBy, othersWillDo: true })).after.epoch : record.epoch;
  }

  return {
    born,
    raise,
    async mark({ accountId, organizationIds }) {
      const user = userScope(accountId, 'epochs.mark.accountId');
      const ids = organizationIdsOf(organizationIds, 'epochs.mark.organizationIds');
      // Everyone's first: it says whether the store is still the one that the rest is known of.
      const all = await given(everyone);
      const [own, ...others] = await Promise.all([user, ...ids.map((id) => organizationScope(id, 'epochs.mark.organizationIds'))].map(given));
      return markOf(all, own as number, ids.map((id, at) => [id, others[at] as number]));
    },
  };
}
