import { cleanLabel } from '../kernel/label.ts';
import { inputText, maxIdentifierChars } from '../kernel/identifier.ts';
import type { ExposedBreach, ExposureVerdict } from '../ports/exposure-source.ts';

/** The service knew fewer than a thousand leaks in 2026. */
const maxBreaches = 10_000;
const maxNameChars = 128;

export function unknownExposure(reason: string): ExposureVerdict {
  return { verdict: 'unknown', reason };
}

/** An address that may be asked for; undefined for what cannot be one. With an @ in it no path segment is `..`. */
export function readAddress(given: unknown): string | undefined {
  const email = inputText(given, maxIdentifierChars)?.trim();
  return email !== undefined && /^[^\p{Cc}]+@[^\p{Cc}@]+$/u.test(email) ? email : undefined;
}

/**
 * The leaks of a list, each read by `read`. Undefined for what is no list of leaks: an empty one is no innocence, since whoever is
 * in no leak is answered otherwise.
 */
export function readBreaches(given: unknown, read: (entry: Readonly<Record<string, unknown>>) => { readonly [K in keyof ExposedBreach]: unknown }): readonly ExposedBreach[] | undefined {
  if (!Array.isArray(given) || given.length === 0 || given.length > maxBreaches) return undefined;
  const breaches: ExposedBreach[] = [];
  for (const entry of given as readonly unknown[]) {
    if (typeof entry !== 'object' || entry === null) return undefined;
    const { name: label, dateMs, exposesPasswords } = read(entry as Readonly<Record<string, unknown>>);
    const name = cleanLabel(label, maxNameChars);
    if (name === '') return undefined;
    breaches.push({ name, ...(Number.isFinite(dateMs) && { dateMs: dateMs as number }), ...(typeof exposesPasswords === 'boolean' && { exposesPasswords }) });
  }
  return breaches;
}

/** What a source answered, as a fresh verdict. Anything else is `source-failed`: nonsense is no innocence, and a reason that is no word may be an address. */
export function readExposureVerdict(given: unknown): ExposureVerdict {
  if (typeof given !== 'object' || given === null) return unknownExposure('source-failed');
  const { verdict, breaches, reason } = given as Readonly<Record<string, unknown>>;
  if (verdict === 'clean') return { verdict };
  if (verdict === 'unknown' && typeof reason === 'string' && /^[\w-]{1,64}$/.test(reason)) return unknownExposure(reason);
  const found = verdict === 'exposed' ? readBreaches(breaches, ({ name, dateMs, exposesPasswords }) => ({ name, dateMs, exposesPasswords })) : undefined;
  return found === undefined ? unknownExposure('source-failed') : { verdict: 'exposed', breaches: found };
}
