import { slowSurgeTest, surgeMeasure, surgeTest } from '../../../kernel/evidence.ts';
import type { EvidenceNews } from '../../../ports/evidence-store.ts';
import { createCusum } from './cusum.ts';
import { createUsualRate } from './usual-rate.ts';

/** Whether strangers fail more often than they do in peace. */
export interface Surge {
  /** Never before it is known what is usual. */
  isOn(nowMs: number): boolean;
  /** What time alone has changed. */
  pass(nowMs: number): EvidenceNews;
  /** The first failure of a network at a name today. */
  failed(nowMs: number): EvidenceNews;
  /** A sign-in of a known browser. */
  signedIn(nowMs: number): EvidenceNews;
}

export function createSurge(): Surge {
  const usual = createUsualRate();
  const fast = createCusum(surgeTest);
  const slow = createCusum(slowSurgeTest);
  /** Since when either says so, by the time that has been looked at. */
  let sinceMs: number | undefined;

  function note(): void {
    if (!fast.on && !slow.on) sinceMs = undefined;
    else sinceMs ??= usual.seenMs;
  }

  function wait(nowMs: number): void {
    const expected = usual.pass(nowMs);
    fast.wait(expected);
    slow.wait(expected);
    note();
  }

  function isUsual(): boolean {
    return sinceMs === undefined || usual.seenMs - sinceMs >= surgeMeasure.patienceMs;
  }

  function news(): EvidenceNews {
    const surge = fast.change();
    const slowSurge = slow.change();
    return { ...(surge && { surge }), ...(slowSurge && { slowSurge }) };
  }

  return {
    isOn(nowMs) {
      wait(nowMs);
      return fast.on && usual.isKnown;
    },
    pass(nowMs) {
      wait(nowMs);
      return news();
    },
    failed(nowMs) {
      wait(nowMs);
      usual.failed();
      fast.add();
      slow.add();
      note();
      return news();
    },
    signedIn(nowMs) {
      wait(nowMs);
      usual.signedIn(isUsual());
      return news();
    },
  };
}
