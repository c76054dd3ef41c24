import { lazy } from '../kernel/lazy.ts';

/** Longest text in an entry, in UTF-16 units. */
export const maxTextChars = 256;

// Control, format (bidi overrides, zero width), surrogate, private and unassigned characters, and the two separators
// that some readers take for a new line.
const unsafe = lazy(() => new RegExp('[\\p{C}\\p{Zl}\\p{Zp}]', 'gu'));
const mailAddress = /[^\s@<>"'(),;:]+@[^\s@<>"'(),;]+/gu;

/**
 * Text that cannot forge a second entry, colour a terminal or read differently from what it is (OWASP ASVS 5.0 16.4.1):
 * unsafe characters become `<U+202E>`, an e-mail address becomes `<address>`, and a long text is cut at 256 characters.
 */
export function safeText(value: string): string {
  const short = value.slice(0, maxTextChars + 1);
  const safe = short.replace(unsafe(), named).replace(mailAddress, '<address>');
  return safe.length > maxTextChars ? `${safe.slice(0, maxTextChars - 1).toWellFormed()}…` : safe;
}

function named(char: string): string {
  return `<U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`;
}
