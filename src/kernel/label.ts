import { lazy } from './lazy.ts';

/** What cannot be seen: control characters, and those that turn the direction of text around. */
const invisible = lazy(() => new RegExp('[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}]', 'gu'));

/** A name that a person or a browser gave to something, fit to be shown: one line, nothing invisible, at most so many code points. Empty for what is no text. */
export function cleanLabel(value: unknown, maxChars: number): string {
  if (typeof value !== 'string') return '';
  // A code point has at most two units: whatever is longer need not be looked at.
  const seen = value.slice(0, maxChars * 4).replaceAll(invisible(), '').trim();
  return Array.from(seen).slice(0, maxChars).join('').trim();
}
