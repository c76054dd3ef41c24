import { sha256 } from '../kernel/compare.ts';
import { inGroups, randomChars, readChars } from '../kernel/crockford.ts';
import type { RandomSource } from '../ports/random.ts';

/** 26 characters are 130 bits: more than the 112 of ASVS 5.0 6.5.2 and the 128 of 11.5.1. */
const codeChars = 26;
/** Short enough to be read off paper at a glance and typed group by group. */
const groups = [5, 5, 5, 5, 6];
/** Room for spaces and hyphens of people's own; what is longer is not looked at. */
const maxInputChars = 128;

/** A code as it is shown: `K7Q2M-9XV4D-0TBR8-HZ3JW-N6YF5C`. */
export function newCode(random: RandomSource): string {
  return inGroups(randomChars(random, codeChars), groups);
}

/** The characters of a code as somebody typed it, without hyphens; undefined for what cannot be one. Never throws. */
export function readCode(value: unknown): string | undefined {
  return readChars(value, { length: codeChars, maxInputChars });
}

/**
 * What is stored of a code, base64url. A plain digest is enough for 130 random bits (ASVS 5.0 6.5.2). The account is part of it,
 * so that a digest that is moved to another account's record opens nothing.
 */
export function codeDigest(accountId: string, chars: string): string {
  // The code is last and has one length: no account and code run together into those of another.
  return sha256(`portcullis/recovery\0${accountId}\0${chars}`).toString('base64url');
}
