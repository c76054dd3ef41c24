import type { RandomSource } from '../../ports/random.ts';

/** How long to wait after so many failures in a row, ms. `askedMs`: what the other side asks for. */
export type Backoff = (failures: number, askedMs: number) => number;

const firstMs = 1_000;
const maxMs = 5 * 60_000;
/** Whoever asks for more is believed so far. */
const maxAskedMs = 15 * 60_000;

/**
 * Exponential backoff with full jitter: anything from nothing to 1 s, 2 s, 4 s, ... 5 min, so that many processes do not
 * come back together. What the other side asks for is waited for first, 15 min at most.
 */
export function createBackoff(random: RandomSource): Backoff {
  return function backoffMs(failures, askedMs) {
    return Math.min(Math.max(askedMs, 0), maxAskedMs) + Math.min(firstMs * 2 ** (failures - 1), maxMs) * fractionOf(random);
  };
}

/** Without chance, which must not end the sending, the whole pause. */
function fractionOf(random: RandomSource): number {
  try {
    return random(4).readUInt32BE(0) / 2 ** 32;
  } catch {
    return 1;
  }
}
