import type { Clock } from '../../ports/clock.ts';
import type { Urgency } from './urgency.ts';

/** How many mails there may still be within the hour that ends now. */
export interface MailPlaces {
  /** A third of them is kept for attacks, and another one for those in which somebody came in. */
  isFree(urgency: Urgency): boolean;
  /** Takes one; returns what gives it back. */
  take(): () => void;
  /** Until the first one is free again; negative where all are. */
  firstFreeInMs(): number;
}

const hourMs = 3_600_000;

export function createMailPlaces(maxPerHour: number, clock: Clock): MailPlaces {
  let places: readonly { readonly atMs: number }[] = [];

  return {
    isFree(urgency) {
      const nowMs = clock.monotonicMs();
      places = places.filter(({ atMs }) => nowMs - atMs < hourMs);
      return places.length < maxPerHour - Math.floor(maxPerHour / 3) * Math.max(0, 2 - urgency);
    },
    take() {
      const place = { atMs: clock.monotonicMs() };
      places = [...places, place];
      return () => {
        places = places.filter((other) => other !== place);
      };
    },
    firstFreeInMs: () => (places[0]?.atMs ?? -Infinity) + hourMs - clock.monotonicMs(),
  };
}
