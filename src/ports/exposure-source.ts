/** A leak that an address was found in. */
export interface ExposedBreach {
  /** The source's own name for it. */
  readonly name: string;
  /** When it happened, wall-clock ms, where the source says so. */
  readonly dateMs?: number;
  /** Whether passwords were in it, where the source says so. */
  readonly exposesPasswords?: boolean;
}

/**
 * What is known of one address. `reason` is a word for logs, and holds no address. Two words mean something to whoever asks for
 * many: `invalid-input` is about this address and not about the source; after `key-refused` it is in vain to ask on.
 */
export type ExposureVerdict =
  | { readonly verdict: 'exposed'; readonly breaches: readonly ExposedBreach[] }
  | { readonly verdict: 'clean' }
  | { readonly verdict: 'unknown'; readonly reason: string };

/** One address, and what ends the wait for its answer. */
export interface ExposureQuery {
  readonly email: string;
  readonly signal?: AbortSignal;
}

/**
 * Somebody who knows which addresses are in leaks: whose account attackers have, whatever its password is now. For reports and for
 * finding whom to contain, never on a request: it is slow, costs money, and is told the whole address. `check` never rejects: who
 * cannot answer says `unknown`.
 */
export interface ExposureSource {
  /** For logs. */
  readonly name: string;
  check(query: ExposureQuery): Promise<ExposureVerdict>;
}
