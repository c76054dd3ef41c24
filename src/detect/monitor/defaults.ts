const minuteMs = 60_000;

/** The defaults of {@link createAttackMonitor}. */
export const attackMonitorDefaults = Object.freeze({
  /** An alarm ends after so long without a new sign. */
  quietMs: 60 * minuteMs,
  /** `attack` becomes `elevated` after so long without a new sign. */
  fallBackMs: 15 * minuteMs,
  /** Networks that are remembered for certain, and as many that have become suspicious. */
  maxSources: 4_096,
  /** Accounts whose sign-ins are remembered, of known browsers and of strangers each. */
  maxSignIns: 4_096,
});
