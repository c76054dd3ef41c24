import { guessMark, type TagWords } from '../../../kernel/evidence-tags.ts';

/** The last wrong passwords of each account, 16 bits of a keyed digest each: enough to see that one comes again, and not what it was. */
export interface Guesses {
  has(slot: number, guess: TagWords): boolean;
  /** Remembers one that is new in place of the oldest. */
  add(slot: number, guess: TagWords): void;
  forget(slot: number): void;
  readonly bytes: number;
}

export function createGuesses(slots: number, each: number): Guesses {
  const marks = new Uint16Array(slots * each);
  const next = new Uint8Array(slots);

  function has(slot: number, guess: TagWords): boolean {
    const mark = guessMark(guess);
    for (let at = slot * each; at < (slot + 1) * each; at += 1) if (marks[at] === mark) return true;
    return false;
  }

  return {
    has,
    bytes: marks.byteLength + next.byteLength,
    add(slot, guess) {
      if (has(slot, guess)) return;
      marks[slot * each + (next[slot] as number)] = guessMark(guess);
      next[slot] = ((next[slot] as number) + 1) % each;
    },
    forget(slot) {
      marks.fill(0, slot * each, (slot + 1) * each);
      next[slot] = 0;
    },
  };
}
