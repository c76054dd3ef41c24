/** The last wrong passwords of each account, 16 bits of a keyed digest each: enough to see that one comes again, and not what it was. */
export interface Guesses {
  has(slot: number, mix: number): boolean;
  /** True for one that is new, and remembers it in place of the oldest. */
  add(slot: number, mix: number): boolean;
  forget(slot: number): void;
  readonly bytes: number;
}

export function createGuesses(slots: number, each: number): Guesses {
  const marks = new Uint16Array(slots * each);
  const next = new Uint8Array(slots);
  // Zero is an empty place.
  const markOf = (mix: number): number => mix & 0xffff || 1;

  function has(slot: number, mix: number): boolean {
    const mark = markOf(mix);
    for (let at = slot * each; at < (slot + 1) * each; at += 1) if (marks[at] === mark) return true;
    return false;
  }

  return {
    has,
    bytes: marks.byteLength + next.byteLength,
    add(slot, mix) {
      if (has(slot, mix)) return false;
      marks[slot * each + (next[slot] as number)] = markOf(mix);
      next[slot] = ((next[slot] as number) + 1) % each;
      return true;
    },
    forget(slot) {
      marks.fill(0, slot * each, (slot + 1) * each);
      next[slot] = 0;
    },
  };
}
