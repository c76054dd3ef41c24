/** Where every piece gets its time from, so that a test can turn it by hand. All values are milliseconds. */
export interface Clock {
  /** Wall-clock time since 1970. May be set back by an operator; use it for dates that leave the process. */
  nowMs(): number;
  /** A time that never goes back, from an arbitrary origin; use it to measure and to expire things in memory. */
  monotonicMs(): number;
  /**
   * Calls `run` once, `delayMs` from now. Keeps the process alive until then, unless it is `idle` work that matters to a
   * living process alone. Returns what cancels it.
   */
  after(delayMs: number, run: () => void, idle?: boolean): () => void;
}
