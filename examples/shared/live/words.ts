import type { AlarmKind, AttackLevel } from 'portcullis/detect';

/** What an attack is called before everybody, until an operator says it better: one line for the banner and for mails. */
export const publicReasons: Readonly<Record<AlarmKind, string>> = {
  'signup-enumeration': 'Somebody tried to find out who has an account here.',
  'forgot-enumeration': 'Somebody tried to find out who has an account here.',
  'login-enumeration': 'Somebody tried to find out who has an account here.',
  stuffing: 'Somebody tried passwords at our sign-in that were stolen elsewhere.',
  'slow-stuffing': 'Somebody tried passwords at our sign-in that were stolen elsewhere.',
  'leaked-passwords': 'Somebody tried passwords at our sign-in that were stolen elsewhere.',
  spraying: 'Somebody guessed passwords at our sign-in.',
  'brute-force': 'Somebody guessed passwords at our sign-in.',
  'many-accounts': 'Somebody signed in to accounts that are not theirs.',
  'mass-signup': 'Somebody opened many accounts at once.',
  'token-guessing': 'Somebody guessed the codes that we send by mail.',
  'recovery-code-guessing': 'Somebody guessed recovery codes.',
  'no-address': 'We look into our sign-in.',
};

export const levelWords: Readonly<Record<AttackLevel, string>> = { calm: 'Calm', elevated: 'Elevated', attack: 'Attack' };

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`;
}

/** `12,345`, whatever the language of the machine. */
export function figure(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** The first few of a list, and how many there are beside them. */
export function someOf(texts: readonly string[], { shown, total = texts.length }: { readonly shown: number; readonly total?: number }): string {
  const some = texts.slice(0, shown);
  const more = Math.max(total, texts.length) - some.length;
  return some.join(', ') + (more > 0 ? ` and ${figure(more)} more` : '');
}

/** How long ago something was, or has been. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `03:12:45 UTC`; for a moment of another day with the day before it. */
export function clockText(ms: number, { nowMs = ms, seconds = false }: { readonly nowMs?: number; readonly seconds?: boolean } = {}): string {
  const iso = isoOf(ms);
  const day = iso.slice(0, 10) === isoOf(nowMs).slice(0, 10) ? '' : `${iso.slice(0, 10)} `;
  return `${day}${iso.slice(11, seconds ? 19 : 16)} UTC`;
}

export function isoOf(ms: number): string {
  return new Date(ms >= 0 && ms <= 8.64e15 ? ms : 0).toISOString();
}
