import type { EpochRecord } from './record.ts';

/** What a look at the store said. */
export interface Look extends EpochRecord {
  /** Looks are numbered when they begin, writes when they are done: a look that began before a write may have missed it. */
  readonly turn: number;
  /** Monotonic ms from before the look: the store said so at this time or later. */
  readonly asOfMs: number;
  readonly wrote: boolean;
}

/** What a process knows of one epoch. */
export interface Known extends EpochRecord {
  /** The highest epoch ever seen in this life of the store. */
  readonly highest: number;
  /** The last raise ever seen, also in a life of the store that is over, wall-clock ms; 0 for none. */
  readonly raisedMs: number;
  readonly turn: number;
  readonly asOfMs: number;
}

/** Epochs only grow. One that is lower than it was before has been lost, and what equals it may have been revoked. */
export function isDoubted({ epoch, highest }: Known): boolean {
  return epoch < highest;
}

/** What is known after one more look. A late answer never takes the place of a newer one, and a lower epoch never passes for the current one. */
export function learned(known: Known | undefined, look: Look): Known {
  if (known === undefined) return firstKnown(look, 0);
  const { epoch, birth, turn, asOfMs, wrote } = look;
  const isLater = turn > known.turn;
  // Another birth is another life of the store: nothing that was marked in the one before counts any more.
  if (birth !== 0 && known.birth !== 0 && birth !== known.birth) return isLater ? firstKnown(look, known.raisedMs) : known;
  if (epoch < known.epoch) return isLater && !wrote ? { ...known, epoch, turn, asOfMs } : known;
  if (isDoubted(known) && !isLater) return known;
  const { highest, raisedMs } = firstKnown(look, known.raisedMs);
  return { epoch, birth: birth || known.birth, highest: Math.max(highest, known.highest), raisedMs, turn: Math.max(turn, known.turn), asOfMs: Math.max(asOfMs, known.asOfMs) };
}

function firstKnown({ epoch, birth, turn, asOfMs }: Look, raisedBeforeMs: number): Known {
  return { epoch, birth, highest: epoch, raisedMs: epoch === birth ? raisedBeforeMs : Math.max(epoch, raisedBeforeMs), turn, asOfMs };
}
