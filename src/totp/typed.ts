import { inputText } from '../kernel/identifier.ts';
import type { Arithmetic } from './arithmetic.ts';

const maxTypedChars = 64;

/** Six ASCII digits, however they were spaced; undefined for anything else. Digits of other scripts are none (RFC 4226 section 5.3). */
export function readCode(value: unknown): string | undefined {
  const digits = inputText(value, maxTypedChars)?.replaceAll(/[\s-]/g, '');
  return digits !== undefined && /^[0-9]{6}$/.test(digits) ? digits : undefined;
}

const minSecretBytes = 10;
const maxSecretBytes = 64;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const bitsPerChar = 5;

/**
 * A secret in base 32 as another system hands it out: spaces, hyphens, small letters, padding and bits over at the end are
 * forgiven, since authenticators forgive them. Undefined for anything else.
 */
export function readSecret(maths: Arithmetic, value: unknown): Uint8Array | undefined {
  const text = inputText(value, 256)?.replaceAll(/[ -]/g, '').replace(/={0,6}$/, '').toUpperCase();
  if (text === undefined || !/^[A-Z2-7]+$/.test(text)) return undefined;
  const bitsOver = (text.length * bitsPerChar) % 8;
  const bytes = Math.floor((text.length * bitsPerChar) / 8);
  // More than a whole character over: one is missing (RFC 4648 section 6).
  if (bitsOver >= bitsPerChar || bytes < minSecretBytes || bytes > maxSecretBytes) return undefined;
  return maths.fromBase32(text.slice(0, -1) + withoutLowBits(text.slice(-1), bitsOver));
}

/** otplib refuses bits over that are not zero; whoever drew a secret character by character has some. */
function withoutLowBits(char: string, bits: number): string {
  return alphabet.charAt((alphabet.indexOf(char) >> bits) << bits);
}
