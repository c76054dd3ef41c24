/** How much is refused, from nothing to everything that is not exempt. */
export type ReadOnlyLevel = 'off' | 'sensitive' | 'writes' | 'all';

/** A level that refuses something. */
export type ReadOnlyStrictness = Exclude<ReadOnlyLevel, 'off'>;

/** Whom a switch binds. `id`: 1 to 256 characters, as the app names its organizations and accounts. */
export type ReadOnlyScope = { readonly kind: 'everyone' } | { readonly kind: 'organization'; readonly id: string } | { readonly kind: 'user'; readonly id: string };

/** One switch that is on. Times are wall-clock ms; without `untilMs` it stays until it is lifted. */
export interface ReadOnlySwitch {
  readonly level: ReadOnlyStrictness;
  readonly scope: ReadOnlyScope;
  /** What users may read: one line. */
  readonly reason: string;
  /** Who ordered it: for operators and the audit log, not for users. */
  readonly by: string;
  readonly sinceMs: number;
  readonly untilMs?: number;
}

/** Who asks, as far as it is known. */
export interface ReadOnlySubject {
  readonly accountId?: string | undefined;
  /** At most 1,000. */
  readonly organizationIds?: readonly string[] | undefined;
}

/** What is asked for. Whatever is not `GET`, `HEAD`, `OPTIONS` or `TRACE` counts as a write (RFC 9110 section 9.2.1). */
export interface ReadOnlyRequest extends ReadOnlySubject {
  readonly method: string;
  /** `exempt` passes on every level; `sensitive` is refused from the first level on, whatever the method. */
  readonly label?: ReadOnlyLabel | undefined;
}

export type ReadOnlyLabel = 'exempt' | 'sensitive';

/**
 * `breakGlass`: an operator passes what is refused to others. A refusal without `switch`: this process has never reached the
 * store. `retryAfterMs`: when to ask again, at least 1 s and at most 1 h.
 */
export type ReadOnlyVerdict =
  | { readonly allowed: true; readonly breakGlass?: true }
  | { readonly allowed: false; readonly level: ReadOnlyStrictness; readonly switch?: ReadOnlySwitch; readonly retryAfterMs: number };

/** `unknown`: the store was never reached. `stale`: it was, but does not answer now; what it said last holds. */
export interface ReadOnlyKnowledge {
  readonly state: 'unknown' | 'current' | 'stale';
  readonly switches: readonly ReadOnlySwitch[];
}

/** What stands for a subject: the strictest switch that binds them, or `whenUnknown` and no switch. */
export interface ReadOnlyStanding {
  readonly level: ReadOnlyLevel;
  readonly switch?: ReadOnlySwitch;
}

/** What users may see: without who ordered it. `reason` is empty and the times are absent where this process has never reached the store. */
export interface ReadOnlyBanner {
  readonly level: ReadOnlyStrictness;
  readonly reason: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}
