// The sizes and weights of evidence, in one place: every store calculates with the same.

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const evidenceHourMs = hourMs;
export const evidenceDayMs = 24 * hourMs;

/** A table of scores: entries in buckets of `ways`, found by a keyed digest, so that nobody can aim at a bucket. */
export interface ScoreSizes {
  readonly buckets: number;
  readonly ways: number;
  readonly halfLifeMs: number;
  /** What has so much is never displaced. */
  readonly keptFrom: number;
  /** The most that a newcomer in a full bucket takes over from whom it displaces, so that nobody is forgotten by being displaced. */
  readonly inheritsUpTo: number;
}

export const sourceScores: ScoreSizes = Object.freeze({ buckets: 8_192, ways: 8, halfLifeMs: 12 * hourMs, keptFrom: 40, inheritsUpTo: 8 });
export const accountScores: ScoreSizes = Object.freeze({ buckets: 8_192, ways: 8, halfLifeMs: 6 * hourMs, keptFrom: 10, inheritsUpTo: 10 });
/** Wrong passwords of one account that are recognized when they come again, as 16 bits each. */
export const rememberedGuesses = 8;

/** Passwords of one day: a count-min sketch of the names at which each has failed. */
export const passwordSketch = Object.freeze({ rows: 4, columns: 16_384 });
/** Pairs of a network and a name, and of a password and a name, that have failed today. */
export const pairFilter = Object.freeze({ bits: 1 << 20, hashes: 4 });

/** Names at which a password fails on one day, before it is no longer enough. */
export const sprayedFrom = 6;

/**
 * The test for a change of the rate of strangers' failures (CUSUM for a Poisson process: Page 1954; Lucas 1985). Its measure is the traffic of known
 * browsers, which no attacker can make (Herley and Schechter, NDSS 2019).
 */
export interface SurgeTest {
  /** The factor by which the rate must have grown. */
  readonly factor: number;
  /** The sum of the log of the likelihood ratio at which it is said. */
  readonly threshold: number;
}

export const surgeTest: SurgeTest = Object.freeze({ factor: 2, threshold: 12 });
export const slowSurgeTest: SurgeTest = Object.freeze({ factor: 1.25, threshold: 7 });

export const surgeMeasure = Object.freeze({
  /** The rate of known browsers' sign-ins is a mean over about so long: it follows day and night. */
  rateHalfLifeMs: hourMs,
  /** Strangers' failures for each sign-in of a known browser, before anything is known. */
  prior: 0.03,
  least: 0.005,
  most: 0.5,
  /** The share is learned from blocks of so many sign-ins. */
  block: 200,
  /** How long it takes for a block to count whole. */
  memoryMs: 14 * evidenceDayMs,
  /** What has lasted so long is how the site is, and is learned from: else a site unlike the prior, or one that has changed, would have a surge for ever. */
  patienceMs: 14 * evidenceDayMs,
  /** One failure in so long is expected of the quietest site. */
  quietestMs: 6 * hourMs,
  /** Nobody is asked for more before so much is known. */
  warmUpMs: 2 * evidenceDayMs,
  warmUpSignIns: 500,
});
