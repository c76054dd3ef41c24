/** Longest identifier that is looked at: an e-mail address has at most 254 octets (RFC 5321 with erratum 1690). */
export const maxIdentifierChars = 320;

/** The default way to make equal identifiers equal: NFKC, no outer white space, lower case. */
export function canonicalIdentifier(identifier: string): string {
  return identifier.normalize('NFKC').trim().toLowerCase();
}

/**
 * The value as text that may be looked at, or undefined: not a string, empty, too long, or not well-formed Unicode
 * (in UTF-8 every lone surrogate becomes U+FFFD, so that different strings would become equal).
 */
export function inputText(value: unknown, maxChars: number): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > maxChars) return undefined;
  return value.isWellFormed() ? value : undefined;
}

/** Whether a field was filled in. A form sends one that was left empty as an empty string. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '';
}

/** The identifier in its canonical form, or undefined where the value (or the canonicalizer) says that it cannot be one. Never throws. */
export function readIdentifier(value: unknown, canonicalize: (identifier: string) => string): string | undefined {
  const given = inputText(value, maxIdentifierChars);
  // NUL ends a string in many databases: what is looked up would not be what is counted.
  if (given === undefined || given.includes('\0')) return undefined;
  const canonical = inputText(attempt(canonicalize, given), maxIdentifierChars);
  return canonical === undefined || canonical.includes('\0') ? undefined : canonical;
}

/** The canonicalizer is the app's; one that chokes on a stranger's input (punycode does) has said no. */
function attempt(canonicalize: (identifier: string) => unknown, given: string): unknown {
  try {
    return canonicalize(given);
  } catch {
    return undefined;
  }
}
