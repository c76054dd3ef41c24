import { surgeMeasure } from '../../../kernel/evidence.ts';

/** Failures of strangers: those that nobody makes good, and all. */
export interface Expected {
  readonly lasting: number;
  readonly all: number;
}

/** How many failures of strangers are usual: a share, learned slowly, of the sign-ins of known browsers just now. */
export interface UsualRate {
  /** Moves on to a time; answers how many failures were to be expected since the one before. */
  pass(nowMs: number): Expected;
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
const none: Expected = Object.freeze({ lasting: 0, all: 0 });

export function createUsualRate(): UsualRate {
  let atMs: number | undefined;
  let seenMs = 0;
  /** Sign-ins of known browsers for each millisecond. */
  let rate = 0;
  /** Failures of strangers for each of those. */
  let shares: Expected = { lasting: prior, all: prior };
  let signIns = 0;
  let blocks = 0;
  let current = { sinceMs: 0, signIns: 0, lasting: 0, all: 0 };

  function learn(): void {
    const weight = Math.max(Math.min(1, (seenMs - current.sinceMs) / memoryMs), 1 / (blocks + 3));
    const learned = (of: keyof Expected): number => Math.min(most, Math.max(least, shares[of] + weight * (current[of] / current.signIns - shares[of])));
    shares = { lasting: learned('lasting'), all: learned('all') };
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
      if (pastMs <= 0) return none;
      seenMs += pastMs;
      const usual = (share: number): number => pastMs * Math.max(share * rate, 1 / quietestMs);
      const expected = { lasting: usual(shares.lasting), all: usual(shares.all) };
      rate *= 2 ** (-pastMs / rateHalfLifeMs);
      return expected;
    },
    failed() {
      current.lasting += 1;
      current.all += 1;
    },
    madeGood() {
      current.lasting -= 1;
    },
    signedIn(isUsual) {
      rate += perSignIn;
      signIns += 1;
      current.signIns += 1;
      if (current.signIns < block) return;
      if (isUsual) learn();
      current = { sinceMs: seenMs, signIns: 0, lasting: 0, all: 0 };
    },
  };
}
