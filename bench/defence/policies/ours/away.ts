import { resilientCounters, resilientEvidence, StoreError } from 'portcullis';
import type { PolicyWorld } from '../../policy.ts';
import { memoryStores, type Stores, type WrapEvidence } from './stores.ts';

/** A shared store of counters and evidence that can be taken away, and before it what `createPortcullis` puts before one. */
export function storesThatGoAway(world: PolicyWorld, wrapped?: WrapEvidence): Stores {
  const { clock } = world;
  const { counters: behind, evidence: kept, bytes } = memoryStores(world, wrapped);
  let isGone = false;

  /** Asked as a server is: the answer comes later, or none does. */
  async function asked<T>(question: () => T | Promise<T>): Promise<T> {
    if (isGone) throw new StoreError('the store is gone');
    return question();
  }

  const counters = resilientCounters({
    shared: true,
    take: (charges) => asked(() => behind.take(charges)),
    giveBack: (charges) => asked(() => behind.giveBack(charges)),
    peek: (charges) => asked(() => behind.peek(charges)),
    clear: (rule, key) => asked(() => behind.clear(rule, key)),
  }, { clock });
  const evidence = resilientEvidence({
    shared: true,
    reserve: (attempt) => asked(() => kept.reserve(attempt)),
    settle: (outcome) => asked(() => kept.settle(outcome)),
  }, { clock });
  return {
    counters, evidence, bytes,
    outage: (gone) => {
      isGone = gone;
    },
    close: () => {
      counters.close();
      evidence.close();
    },
  };
}
