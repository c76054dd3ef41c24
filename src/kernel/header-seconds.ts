/** Seconds for a header: whole, rounded up, at least 1 (RFC 9110 section 10.2.3). */
export function headerSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
