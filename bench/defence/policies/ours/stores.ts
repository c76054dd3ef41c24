import { memoryEvidence, memoryStore, type CounterStore, type EvidenceStore, type MemoryEvidence } from 'portcullis';
import type { PolicyWorld } from '../../policy.ts';

/** Where the pieces keep what they count. */
export interface Stores {
  readonly counters: CounterStore;
  readonly evidence: EvidenceStore;
  /** Of the tables in this process. */
  readonly bytes: () => number;
  /** The store is gone or back, where it can be taken away. */
  readonly outage?: (gone: boolean) => void;
  readonly close: () => void;
}

/** What stands before the evidence, to see what a part of it is worth. */
export type WrapEvidence = (evidence: MemoryEvidence) => EvidenceStore;
export type MakeStores = (world: PolicyWorld) => Stores;

export function memoryStores({ clock }: PolicyWorld, wrapped: WrapEvidence = (evidence) => evidence): Stores {
  const evidence = memoryEvidence({ clock });
  return { counters: memoryStore({ clock }), evidence: wrapped(evidence), bytes: () => evidence.bytes, close: () => undefined };
}
