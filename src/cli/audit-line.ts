import { safeLine } from './safe-text.ts';

/** An entry as far as it is shown. Whoever can write the file can put anything there. */
export type Entry = Readonly<Record<string, unknown>>;

export function entryOf(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}

const shownApart = ['time', 'id', 'level', 'event', 'outcome', 'account', 'owasp', 'details', 'chain', 'app'];

/** `2026-11-27T18:20:05.123Z critical sign-in.failed failure account=42 reason=wrong-password`. */
export function shownEntry(entry: Entry): string {
  const { time, level, event, outcome, account, details } = entry;
  const head = [time, String(level).padEnd(8), event, outcome].map(safeLine);
  const others = Object.entries(entry).filter(([field]) => !shownApart.includes(field));
  const more = [...(account === undefined ? [] : [['account', account] as const]), ...others, ...Object.entries(Object(details) as object)];
  return [...head, ...more.map(([field, value]) => `${safeLine(field)}=${safeLine(typeof value === 'string' ? value : JSON.stringify(value))}`)].join(' ');
}
