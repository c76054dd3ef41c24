import { sha256 } from '../kernel/compare.ts';
import { inGroups, randomChars, readChars } from '../kernel/crockford.ts';
import type { RandomSource } from '../ports/random.ts';

const tokenBytes = 32;
const codeChars = 8;
const codeGroups = [4, 4];

/** 256 random bits, base64url: 43 characters. */
export function newToken(random: RandomSource): string {
  return random(tokenBytes).toString('base64url');
}

/** 40 random bits in two groups, to be typed. So few that somebody must count the guesses. */
export function newCode(random: RandomSource): string {
  return inGroups(randomChars(random, codeChars), codeGroups);
}

/** What is stored of a token. A plain digest is enough for 256 random bits (ASVS 5.0 6.5.2). */
export function tokenDigest(token: string): string {
  return sha256(token).toString('base64url');
}

/** A code as somebody typed it, in the form in which it was made; undefined for what cannot be one. */
export function readCode(value: unknown): string | undefined {
  const chars = readChars(value, { length: codeChars, maxInputChars: 32 });
  return chars && inGroups(chars, codeGroups);
}
