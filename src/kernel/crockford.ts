import type { RandomSource } from '../ports/random.ts';
import { ConfigError } from './errors.ts';
import { inputText } from './identifier.ts';

/** Crockford's base 32: no I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const bitsPerChar = 5;

/** White space, hyphens and dashes in every form into which word processors turn them, and what is invisible in copied text. */
const separators = /[\s\-\u00ad\u2010-\u2015\u2212\u200b-\u200d\u2060]/g;

/** That many random characters, 5 bits each. Each is 5 bits of the source as they are: none is likelier than another (ASVS 5.0 11.5.1). */
export function randomChars(random: RandomSource, length: number): string {
  const sizeBytes = Math.ceil((length * bitsPerChar) / 8);
  const bytes = random(sizeBytes);
  if (bytes.length !== sizeBytes) throw new ConfigError(`random: expected ${sizeBytes} bytes, got ${bytes.length}`);
  return Array.from({ length }, (_, at) => alphabet.charAt(fiveBits(bytes, at * bitsPerChar))).join('');
}

/** Five bits, which lie in at most two bytes. */
function fiveBits(bytes: Uint8Array, fromBit: number): number {
  const at = fromBit >> 3;
  const two = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return (two >> (16 - bitsPerChar - (fromBit & 7))) & 31;
}

/** The characters in groups of these lengths, with hyphens between them. */
export function inGroups(chars: string, lengths: readonly number[]): string {
  let from = 0;
  return lengths.map((length) => chars.slice(from, (from += length))).join('-');
}

/**
 * What somebody typed, as the bare characters that were made, or undefined where it cannot be that. Small letters, spaces and
 * hyphens are forgiven; O is 0, I and L are 1. Never throws.
 */
export function readChars(value: unknown, { length, maxInputChars }: { readonly length: number; readonly maxInputChars: number }): string | undefined {
  const typed = inputText(value, maxInputChars)?.replaceAll(separators, '');
  if (typed?.length !== length || !/^[0-9A-TV-Za-tv-z]*$/.test(typed)) return undefined;
  return typed.toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}
