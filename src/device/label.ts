import { lazy } from '../kernel/lazy.ts';

const maxLabelChars = 128;
/** A user agent may be as long as a header. */
const maxLookedAt = 1_024;

// Control, format (bidi overrides, zero width), surrogate, private and unassigned characters, and the two separators of lines.
const unsafe = lazy(() => new RegExp('[\\p{C}\\p{Zl}\\p{Zp}]', 'gu'));

/** A label that reads as what it is: at most 128 code points, none of them invisible. Undefined where nothing is left. */
export function cleanLabel(label: unknown): string | undefined {
  if (typeof label !== 'string') return undefined;
  const clean = label.slice(0, maxLookedAt).replace(unsafe(), '').trim();
  return Array.from(clean).slice(0, maxLabelChars).join('').trimEnd() || undefined;
}
