import { surgeMeasure } from '../../../kernel/evidence.ts';

/** How many failures of strangers are usual: a share, learned slowly, of the sign-ins of known browsers just now. */
export interface UsualRate {
  /** Moves on to a time; answers how many failures were to be expected since the one before. */
  pass(nowMs: number): number;
  failed(): void;
  /** One failure was none: perhaps of a block before, so that what is learned of this one is so much less. */
  madeGood(): void;
  /** `isUsual`: what an attack adds is not how peace looks, and nothing is learned from it. */
  signedIn(isUsual: boolean): void;
  /** How long has been looked at. */
  readonly seenMs: number;
  /** Whether enough has been seen for anybody to be asked for more because of it. */
  readonly isKnown: boolean;
}

const { rateHalfLifeMs, prior, least, most, block, memoryMs, quietestMs, warmUpMs, warmUpSignIns } = surgeMeasure;
/** An exponential mean of a rate: each event adds so much at once. */
const perSignIn = Math.LN2 / rateHalfLifeMs;

export function createUsualRate(): UsualRate {
  let atMs: number | undefined;
  let seenMs = 0;
  /** Sign-ins of known browsers for each millisecond. */
  let rate = 0;
  /** Failures of strangers for each of those. */
  let share: number = prior;
  let signIns = 0;
  let blocks = 0;
  let current = { sinceMs: 0, signIns: 0, failures: 0 };

  function learn(): void {
    const weight = Math.max(Math.min(1, (seenMs - current.sinceMs) / memoryMs), 1 / (blocks + 3));
    share = Math.min(most, Math.max(least, share + weight * (current.failures / current.signIns - share)));
    blocks += 1;
  }

  return {
    get seenMs() {
      return seenMs;
    },
    get isKnown() {
      return seenMs >= warmUpMs && signIns >= warmUpSignIns;
    },
    pass(nowMs) {
      const pastMs = nowMs - (atMs ?? nowMs);
      atMs = nowMs;
      // A clock that was set back: time goes on from there.
      if (pastMs <= 0) return 0;
      seenMs += pastMs;
      const expected = pastMs * Math.max(share * rate, 1 / quietestMs);
      rate *= 2 ** (-pastMs / rateHalfLifeMs);
      return expected;
    },
    failed() {
      current.failures += 1;
    },
    madeGood() {
      current.failures -= 1;
    },
    signedIn(isUsual) {
      rate += perSignIn;
      signIns += 1;
      current.signIns += 1;
      if (current.signIns < block) return;
      if (isUsual) learn();
      current = { sinceMs: seenMs, signIns: 0, failures: 0 };
    },
  };
}
