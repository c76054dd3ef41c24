import type { EvidenceTag } from '../ports/evidence-store.ts';
import { pairFilter, passwordSketch } from './evidence.ts';

// Where a tag belongs in the tables of evidence: every store finds the same places.

/** A tag as numbers of 32 bits: where it belongs, by what it is recognized, and one to mix with others. */
export interface TagWords {
  readonly bucket: number;
  readonly high: number;
  readonly low: number;
  readonly mix: number;
}

export function tagWords(tag: EvidenceTag): TagWords {
  const bytes = Buffer.from(tag, 'base64url');
  // Zero is an empty entry.
  return { bucket: bytes.readUInt32LE(0), high: bytes.readUInt32LE(4) || 1, low: bytes.readUInt32LE(8), mix: bytes.readUInt32LE(12) };
}

/** One number for two tags. Both are keyed digests already: nobody can choose what comes out, so that a cheap mixture will do (MurmurHash3's finalizer). */
function mixed(one: TagWords, other: TagWords): number {
  let value = one.mix ^ Math.imul(other.mix, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The bits of a pair in a Bloom filter. Two hashes make all the others (Kirsch and Mitzenmacher, ESA 2006). */
export function pairBits(one: TagWords, other: TagWords, { bits, hashes } = pairFilter): readonly number[] {
  const first = mixed(one, other);
  const step = mixed(other, one) | 1;
  return Array.from({ length: hashes }, (_, each) => (first + Math.imul(each, step)) & (bits - 1));
}

/** From the bits of a pair to those of something else that is known of it: so much further on for each, where nothing else of the pair is. */
export const bitsApart = 0x9e3779b1 & (pairFilter.bits - 1);

/** What is known of a pair of a network and a name that has failed today, beside that it has. */
export const pairMarks = Object.freeze({
  /** It was made good. */
  madeGood: 1,
  /** It counted, in the first hour of the day; one more for each hour from there. The hour before the first has nothing. */
  countedAt: 3,
});

/** The cells of a password in a count-min sketch, one in each row. */
export function passwordCells({ high, low }: TagWords, { rows, columns } = passwordSketch): readonly number[] {
  return Array.from({ length: rows }, (_, row) => row * columns + ((high + Math.imul(row, low | 1)) & (columns - 1)));
}

/** What is remembered of a wrong password of an account: 16 bits, and never zero, which is an empty place. */
export function guessMark({ mix }: TagWords): number {
  return mix & 0xffff || 1;
}
