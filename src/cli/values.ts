import { InvalidArgumentError } from 'commander';

const dayMs = 86_400_000;
const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: dayMs };

/** `90s`, `30m`, `2h`, `7d`: ms. */
export function duration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})\s*([smhd])$/.exec(text) ?? [];
  const ms = Number(digits) * (units[unit] ?? Number.NaN);
  if (!Number.isFinite(ms) || ms === 0) throw new InvalidArgumentError('Expected a time such as 90s, 30m, 2h or 7d.');
  return ms;
}

/** The same, or `0`. */
export function durationOrNone(text: string): number {
  return text === '0' ? 0 : duration(text);
}

const dateForm = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)\s*(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * `2026-11-27`, which is midnight UTC, or `2026-11-27T18:20Z` or `...+01:00`: wall-clock ms. A time of day needs its zone: who is
 * woken at night does not know in which one this machine lives.
 */
export function moment(text: string): number {
  const [, day = '', time = '00:00', zone = 'Z'] = dateForm.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}${zone}`);
  // Date.parse takes 31 February for 3 March.
  const real = Number.isFinite(ms) && new Date(Date.parse(`${day}T00:00Z`)).toISOString().startsWith(day);
  if (!real) throw new InvalidArgumentError('Expected a date such as 2026-11-27 (00:00 UTC), 2026-11-27T18:20Z or 2026-11-27T18:20+01:00.');
  return ms;
}

/** A whole number from 1 on. */
export function count(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value === 0) throw new InvalidArgumentError('Expected a whole number from 1 on.');
  return value;
}

/** Not empty and one line, as the pieces want it. */
export function filled(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected a text that is not empty.');
  return text;
}

/** Gathers the values of an option that may be given several times or with several values. */
export function gathered(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), filled(text)];
}

/** `2026-11-27 18:20:05Z`. */
export function shownTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** `45 s`, `12 min`, `3 h`, `5 d`. */
export function shownDuration(ms: number): string {
  const [unit, sizeMs] = unitFor(ms);
  return `${Math.max(0, Math.round(ms / sizeMs))} ${unit}`;
}

function unitFor(ms: number): readonly [name: string, ms: number] {
  if (ms < 120_000) return ['s', 1_000];
  if (ms < 2 * 3_600_000) return ['min', 60_000];
  return ms < 2 * dayMs ? ['h', 3_600_000] : ['d', dayMs];
}
