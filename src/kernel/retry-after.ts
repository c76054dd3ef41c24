/** `Retry-After`, seconds or a date (RFC 9110 section 10.2.3), as ms from now, at least 0; undefined for anything else. */
export function retryAfterMs(given: unknown, nowMs: number): number | undefined {
  if (typeof given !== 'string' || given.length > 64) return undefined;
  const ms = /^\d+$/.test(given) ? Number(given) * 1000 : / GMT$/.test(given) ? Date.parse(given) - nowMs : NaN;
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
