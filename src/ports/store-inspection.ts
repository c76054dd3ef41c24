/** One thing that was looked at in a store. */
export interface StoreFinding {
  /** `bad`: guards would fail or forget. `warn`: works, but not as well as it should. */
  readonly level: 'ok' | 'warn' | 'bad';
  /** What was looked at, in a word or two: `schema`, `permissions`. */
  readonly check: string;
  /** One sentence for the operator: what was found, and what to do about it. No secret, no address. */
  readonly detail: string;
}

/** What a store's server was found to be like. A look at it changes nothing. */
export interface StoreInspection {
  /** Whether records outlive the server; undefined where the server does not tell. */
  readonly durable: boolean | undefined;
  readonly findings: readonly StoreFinding[];
}
