import type { Clock } from '../ports/clock.ts';
import type { RangeAnswer, RangeClient, RangeRequest } from './range-client.ts';

/** What a caller gets: the answer, or that its own budget ended first, or that too much is under way. */
export type FlightOutcome = RangeAnswer | 'late' | 'overloaded';

export interface FlightsOptions {
  readonly client: RangeClient;
  readonly clock: Clock;
  /** Called once for each flight, when it has ended, with the monotonic time at which it began. */
  readonly landed: (prefix: string, answer: RangeAnswer, beganMs: number) => void;
}

/** Requests that are under way, one for each prefix however many callers wait for it. */
export interface Flights {
  readonly has: (prefix: string) => boolean;
  /** Joins the flight of a prefix, or starts it. Never rejects. */
  readonly wait: (prefix: string, budgetMs: number) => Promise<FlightOutcome>;
}

interface Flight {
  waiting: number;
  ended: boolean;
  request: RangeRequest;
  readonly answer: Promise<RangeAnswer>;
}

/** Prefixes under way at once. Each may hold up to 1 MiB while it is read, though only as many as there are connections. */
const maxFlights = 2_048;
/** A stalled answer would otherwise live as long as new callers keep joining it. */
const maxFlightMs = 5_000;

/**
 * Makes the table of flights. A caller whose budget ends leaves; the others go on; when the last one has left, the
 * request is aborted. A request that failed at once is repeated once, in what is left of the budgets.
 */
export function createFlights({ client, clock, landed }: FlightsOptions): Flights {
  const flights = new Map<string, Flight>();

  function start(prefix: string): Flight {
    const beganMs = clock.monotonicMs();
    const request = client(prefix);
    const flight: Flight = { waiting: 0, ended: false, request, answer: request.answer.then(repeatOnce) };
    const cancelLimit = clock.after(maxFlightMs, () => {
      end(prefix, flight);
    });
    function repeatOnce(first: RangeAnswer): RangeAnswer | Promise<RangeAnswer> {
      if (first.ok || flight.ended) return first;
      flight.request = client(prefix);
      return flight.request.answer;
    }
    flights.set(prefix, flight);
    void flight.answer.then((answer) => {
      cancelLimit();
      remove(prefix, flight);
      landed(prefix, answer, beganMs);
    });
    return flight;
  }

  function end(prefix: string, flight: Flight): void {
    flight.ended = true;
    // At once: who comes now must start a flight of its own, and not join one that is over.
    remove(prefix, flight);
    flight.request.abort();
  }

  function remove(prefix: string, flight: Flight): void {
    if (flights.get(prefix) === flight) flights.delete(prefix);
  }

  return {
    has: (prefix) => flights.has(prefix),
    wait(prefix, budgetMs) {
      if (!flights.has(prefix) && flights.size >= maxFlights) return Promise.resolve('overloaded');
      const flight = flights.get(prefix) ?? start(prefix);
      flight.waiting += 1;
      return new Promise((resolve) => {
        const cancel = clock.after(budgetMs, () => {
          resolve('late');
          flight.waiting -= 1;
          if (flight.waiting === 0) end(prefix, flight);
        });
        void flight.answer.then((answer) => {
          cancel();
          resolve(answer);
        });
      });
    },
  };
}
