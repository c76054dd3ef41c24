import type { Clock } from '../../ports/clock.ts';

/** How many mails there may still be within the hour that ends now. */
export interface MailPlaces {
  isFree(): boolean;
  /** Takes one; returns what gives it back. */
  take(): () => void;
  /** Until the first one is free again; negative where all are. */
  firstFreeInMs(): number;
}

const hourMs = 3_600_000;

export function createMailPlaces(maxPerHour: number, clock: Clock): MailPlaces {
  let places: readonly { readonly atMs: number }[] = [];

  return {
    isFree() {
      const nowMs = clock.monotonicMs();
      places = places.filter(({ atMs }) => nowMs - atMs < hourMs);
      return places.length < maxPerHour;
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
