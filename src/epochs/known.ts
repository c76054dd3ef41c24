import type { EpochRecord } from './record.ts';

/** What a look at the store, or a write, said. Beginnings and ends are numbered in one row. */
export interface Look extends EpochRecord {
  readonly begunTurn: number;
  readonly endedTurn: number;
  /** Monotonic ms from before the look: the store said so at this time or later. */
  readonly asOfMs: number;
}

/** What a process knows of one epoch. */
export interface Known extends EpochRecord {
  /** The highest epoch ever seen in this life of the store. */
  readonly highest: number;
  /** The last raise ever seen, also in a life of the store that is over, wall-clock ms; 0 for none. */
  readonly raisedMs: number;
  readonly begunTurn: number;
  readonly endedTurn: number;
  readonly asOfMs: number;
}

/** Epochs only grow. One that is lower than it was before has been lost, and what equals it may have been revoked. */
export function isDoubted({ epoch, highest }: Known): boolean {
  return epoch < highest;
}

/**
 * What is known after one more look. A late answer never takes the place of a newer one, and a lower epoch never passes for the
 * current one. Of two looks that overlap nobody can say which is newer: the higher epoch is.
 */
export function learned(known: Known | undefined, look: Look): Known {
  if (known === undefined) return firstKnown(look, 0);
  const { epoch, birth } = look;
  const isLater = look.begunTurn > known.endedTurn;
  // Another birth is another life of the store: nothing that was marked in the one before counts any more.
  if (birth !== 0 && known.birth !== 0 && birth !== known.birth) return isLater ? firstKnown(look, known.raisedMs) : known;
  if (epoch < known.epoch) return isLater ? { ...known, epoch, ...timesOf(look) } : known;
  if (isDoubted(known) && !isLater) return known;
  const { highest, raisedMs } = firstKnown(look, known.raisedMs);
  return { epoch, birth: birth || known.birth, highest: Math.max(highest, known.highest), raisedMs, ...timesOf(look), begunTurn: Math.max(look.begunTurn, known.begunTurn), asOfMs: Math.max(look.asOfMs, known.asOfMs) };
}

function firstKnown(look: Look, raisedBeforeMs: number): Known {
  const { epoch, birth } = look;
  return { epoch, birth, highest: epoch, raisedMs: epoch === birth ? raisedBeforeMs : Math.max(epoch, raisedBeforeMs), ...timesOf(look) };
}

function timesOf({ begunTurn, endedTurn, asOfMs }: Look): Pick<Known, 'begunTurn' | 'endedTurn' | 'asOfMs'> {
  return { begunTurn, endedTurn, asOfMs };
}
