import { pairFilter } from '../../../kernel/evidence.ts';
import { pairBits, type TagWords } from '../../../kernel/evidence-tags.ts';

/** Whether a pair, of a network and a name or of a password and a name, has been seen today: a Bloom filter. */
export interface PairFilter {
  /** True for a pair that is new, and remembers it. Once half of the bits are set it can tell no more, and every pair is new. */
  add(one: TagWords, other: TagWords): boolean;
  /** False as well once it can tell no more. */
  has(one: TagWords, other: TagWords): boolean;
  clear(): void;
  readonly bytes: number;
}

export function createPairFilter({ bits } = pairFilter): PairFilter {
  const words = new Uint32Array(bits / 32);
  let set = 0;
  const isSet = (at: number): boolean => ((words[at >>> 5] as number) & (1 << (at & 31))) !== 0;
  return {
    bytes: words.byteLength,
    clear() {
      words.fill(0);
      set = 0;
    },
    has: (one, other) => set < bits / 2 && pairBits(one, other).every(isSet),
    add(one, other) {
      const isFull = set >= bits / 2;
      let isNew = false;
      for (const at of pairBits(one, other)) {
        if (isSet(at)) continue;
        isNew = true;
        if (isFull) break;
        words[at >>> 5] = (words[at >>> 5] as number) | (1 << (at & 31));
        set += 1;
      }
      return isNew || isFull;
    },
  };
}
