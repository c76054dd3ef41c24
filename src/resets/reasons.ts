const mailedReasons = ['compromised', 'breached', 'incident'] as const;
const changedReasons = ['admin', 'initial'] as const;

/** Why a password must be replaced. A closed list: there is no such thing as an old password (SP 800-63B-4 section 3.1.1.2). */
export const resetReasons = Object.freeze([...mailedReasons, ...changedReasons] as const);

export type ResetReason = (typeof resetReasons)[number];

/** What an account that is marked may do with its old password: nothing but get a link by mail, or replace it and nothing else. */
export type ResetOpens = 'mailed-link' | 'change-password';

/** What each reason opens. */
type Opening =
  | { readonly opens: Extract<ResetOpens, 'mailed-link'>; readonly reason: (typeof mailedReasons)[number] }
  | { readonly opens: Extract<ResetOpens, 'change-password'>; readonly reason: (typeof changedReasons)[number] };

/**
 * The password of this account must be replaced. `mailed-link`: the old one opens nothing, and is answered like a wrong one;
 * `change-password`: it opens that form and no more. `by` is for a log: never show it to the person.
 */
export type ForcedReset = Opening & { readonly sinceMs: number; readonly by: string };

const strictness: Readonly<Record<ResetReason, number>> = Object.freeze({ compromised: 3, breached: 2, incident: 2, admin: 1, initial: 1 });

/** The higher, the stricter. A weaker mark never takes the place of a stricter one. */
export function strictnessOf(reason: ResetReason): number {
  return strictness[reason];
}

export function forcedBy({ reason, sinceMs, by }: Mark): ForcedReset {
  return reason === 'admin' || reason === 'initial' ? { opens: 'change-password', reason, sinceMs, by } : { opens: 'mailed-link', reason, sinceMs, by };
}

/** What every mark says. `sinceMs` is wall-clock ms, `by` the app's id of whoever gave the order. */
export interface Mark {
  readonly reason: ResetReason;
  readonly sinceMs: number;
  readonly by: string;
}

/** The strictest, and of equals the first. */
export function strictest(marks: readonly (Mark | undefined)[]): Mark | undefined {
  let found: Mark | undefined;
  for (const mark of marks) {
    if (mark !== undefined && (found === undefined || strictnessOf(mark.reason) > strictnessOf(found.reason))) found = mark;
  }
  return found;
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown };

export function isMark(value: unknown): value is Mark {
  if (typeof value !== 'object' || value === null) return false;
  const { reason, sinceMs, by } = value as Unchecked<Mark>;
  return resetReasons.includes(reason as ResetReason) && isTime(sinceMs) && typeof by === 'string';
}

/** What a Date can hold, ms since 1970. */
export function isTime(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 8.64e15;
}
