import { createHash } from 'node:crypto';

/** Randomness that a seed and a label decide: who, what and in which order, the same at every run. */
export interface SeededRandom {
  /** A whole number from 0 to below `below`. */
  integer(below: number): number;
  pick<T>(list: readonly T[]): T;
  /** The list in a new order. */
  shuffle<T>(list: readonly T[]): T[];
}

/** Makes a stream of its own for each label, so that drawing more from one changes nothing in another. */
export function createRandom(seed: number, label: string): SeededRandom {
  let block = Buffer.alloc(0);
  let offset = 0;
  let counter = 0;

  function uint32(): number {
    if (offset + 4 > block.length) {
      block = createHash('sha512').update(`${seed}\n${label}\n${counter}`).digest();
      counter += 1;
      offset = 0;
    }
    const value = block.readUInt32BE(offset);
    offset += 4;
    return value;
  }

  function integer(below: number): number {
    return Math.floor((uint32() / 2 ** 32) * below);
  }

  return {
    integer,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[integer(list.length)] as T;
    },
    shuffle<T>(list: readonly T[]): T[] {
      const shuffled = [...list];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = integer(last + 1);
        [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
      }
      return shuffled;
    },
  };
}
