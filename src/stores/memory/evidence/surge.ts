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
  /** The first failure of a network at a name today. `counted`: there is no surge, so that it can be taken back. */
  failed(nowMs: number): { readonly news: EvidenceNews; readonly counted: boolean };
  /** A failure that was counted is none: whoever failed came in from there. */
  madeGood(nowMs: number): EvidenceNews;
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

  function pass(nowMs: number): void {
    const expected = usual.pass(nowMs);
    fast.wait(expected);
    slow.wait(expected);
    note();
  }

  /** What has changed with it. */
  function after(nowMs: number, happened: () => void): EvidenceNews {
    pass(nowMs);
    happened();
    note();
    const [surge, slowSurge] = [fast.change(), slow.change()];
    return { ...(surge && { surge }), ...(slowSurge && { slowSurge }) };
  }

  function isUsual(): boolean {
    return sinceMs === undefined || usual.seenMs - sinceMs >= surgeMeasure.patienceMs;
  }

  return {
    isOn(nowMs) {
      pass(nowMs);
      return fast.on && usual.isKnown;
    },
    pass: (nowMs) => after(nowMs, () => undefined),
    failed(nowMs) {
      const news = after(nowMs, () => {
        usual.failed();
        fast.add();
        slow.add();
      });
      return { news, counted: !fast.on };
    },
    madeGood: (nowMs) => after(nowMs, () => {
      usual.madeGood();
      fast.takeBack();
      slow.takeBack();
    }),
    signedIn: (nowMs) => after(nowMs, () => {
      usual.signedIn(isUsual());
    }),
  };
}
