import type { EvidenceTag } from '../../../ports/evidence-store.ts';

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
export function mixed(one: TagWords, other: TagWords): number {
  let value = one.mix ^ Math.imul(other.mix, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
