import { pairFilter } from '../../../kernel/evidence.ts';
import { bitsApart, pairBits, type TagWords } from '../../../kernel/evidence-tags.ts';

/** Whether a pair, of a network and a name or of a password and a name, has been seen today: a Bloom filter. */
export interface PairFilter {
  /** True for a pair that is new, and remembers it. Once half of the bits are set it can tell no more, and every pair is new. */
  add(one: TagWords, other: TagWords, mark?: number): boolean;
  /** False as well once it can tell no more. `mark`: what else is asked of the pair. */
  has(one: TagWords, other: TagWords, mark?: number): boolean;
  clear(): void;
  readonly bytes: number;
}

export function createPairFilter({ bits } = pairFilter): PairFilter {
  const words = new Uint32Array(bits / 32);
  let set = 0;
  const isSet = (at: number): boolean => ((words[at >>> 5] as number) & (1 << (at & 31))) !== 0;
  const bitsOf = (one: TagWords, other: TagWords, mark: number): readonly number[] => pairBits(one, other).map((bit) => (bit + mark * bitsApart) & (bits - 1));
  return {
    bytes: words.byteLength,
    clear() {
      words.fill(0);
      set = 0;
    },
    has: (one, other, mark = 0) => set < bits / 2 && bitsOf(one, other, mark).every(isSet),
    add(one, other, mark = 0) {
      if (set >= bits / 2) return true;
      let added = 0;
      for (const at of bitsOf(one, other, mark)) {
        if (isSet(at)) continue;
        words[at >>> 5] = (words[at >>> 5] as number) | (1 << (at & 31));
        added += 1;
      }
      set += added;
      return added > 0;
    },
  };
}
