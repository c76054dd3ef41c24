import { addRecent, createRecent } from './recent.ts';

/** How many of those who sign in come by a browser that is not known: on the first day after it was built in, all of them. */
export interface StrangerShare {
  /** Counts each account once a day, so that nobody moves it by signing in all day. */
  count(known: boolean, mark: number, nowMs: number): void;
  /** At least 0.05, at most 0.6. */
  share(): number;
}

/** What is believed before anything is known. */
const prior = Object.freeze({ strangers: 30, known: 20 });
const halvedAt = 1_024;
const bounds = Object.freeze({ windowMs: 86_400_000, most: 512 });

export function createStrangerShare(): StrangerShare {
  const counts: Record<'strangers' | 'known', number> = { ...prior };
  const seen = { strangers: createRecent(), known: createRecent() };
  return {
    count(isKnown, mark, nowMs) {
      const who = isKnown ? 'known' : 'strangers';
      if (!addRecent(seen[who], mark, nowMs, bounds)) return;
      counts[who] += 1;
      if (counts.known + counts.strangers < halvedAt) return;
      counts.known /= 2;
      counts.strangers /= 2;
    },
    share: () => Math.min(0.6, Math.max(0.05, counts.strangers / (counts.known + counts.strangers))),
  };
}
