import { sha256 } from '../kernel/compare.ts';
import { inputText } from '../kernel/identifier.ts';
import type { RandomSource } from '../ports/random.ts';

const tokenBytes = 32;
const codeBytes = 5;
/** Crockford's base 32: no I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 256 random bits, base64url: 43 characters. */
export function newToken(random: RandomSource): string {
  return random(tokenBytes).toString('base64url');
}

/** 40 random bits in two groups, to be typed. So few that somebody must count the guesses. */
export function newCode(random: RandomSource): string {
  const bits = BigInt(`0x${random(codeBytes).toString('hex')}`);
  const digits = Array.from({ length: 8 }, (_, at) => alphabet.charAt(Number((bits >> BigInt(35 - 5 * at)) & 31n)));
  return `${digits.slice(0, 4).join('')}-${digits.slice(4).join('')}`;
}

/** What is stored of a token. A plain digest is enough for 256 random bits (ASVS 5.0 6.5.2). */
export function tokenDigest(token: string): string {
  return sha256(token).toString('base64url');
}

/** A code as somebody typed it, in the form in which it was made; undefined for what cannot be one. */
export function readCode(value: unknown): string | undefined {
  const typed = inputText(value, 32)?.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return typed !== undefined && /^[0-9A-HJKMNP-TV-Z]{8}$/.test(typed) ? `${typed.slice(0, 4)}-${typed.slice(4)}` : undefined;
}
