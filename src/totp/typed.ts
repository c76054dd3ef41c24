import { inputText } from '../kernel/identifier.ts';
import type { Arithmetic } from './arithmetic.ts';

const maxTypedChars = 64;

/** Six ASCII digits, however they were spaced; undefined for anything else. Digits of other scripts are none (RFC 4226 section 5.3). */
export function readCode(value: unknown): string | undefined {
  const digits = inputText(value, maxTypedChars)?.replaceAll(/[ \u00a0\t-]/g, '');
  return digits !== undefined && /^[0-9]{6}$/.test(digits) ? digits : undefined;
}

const minSecretBytes = 10;
const maxSecretBytes = 64;

/** A secret in base 32 as another system hands it out: spaces, hyphens, small letters and padding are forgiven. Undefined for anything else. */
export function readSecret(maths: Arithmetic, value: unknown): Uint8Array | undefined {
  const text = inputText(value, 256)?.replaceAll(/[ -]/g, '').replace(/={0,6}$/, '').toUpperCase();
  if (text === undefined || !/^[A-Z2-7]+$/.test(text)) return undefined;
  try {
    const secret = maths.fromBase32(text);
    return secret.length >= minSecretBytes && secret.length <= maxSecretBytes ? secret : undefined;
  } catch {
    // Bits left over at the end: a character is missing.
    return undefined;
  }
}
