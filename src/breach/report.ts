import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { BreachUnknownReason } from './verdict.ts';

/** In an outage every sign-in fails the same way: one event a minute says it. */
const quietMs = 60_000;

/** Makes the function that reports a failure of a source as `breach.source-failed`, once a minute for each kind. */
export function failureReporter({ clock, emit }: { readonly clock: Clock; readonly emit: Emit }) {
  const quietUntil = new Map<string, number>();
  return function report(source: string, failure: BreachUnknownReason): void {
    const reason = `${source}: ${failure}`;
    const nowMs = clock.monotonicMs();
    if (nowMs < (quietUntil.get(reason) ?? 0)) return;
    quietUntil.set(reason, nowMs + quietMs);
    emit({ type: 'breach.source-failed', reason });
  };
}

/** The same sink, except that one that throws harms no lookup: events of a request that has ended have nobody to catch them. */
export function harmless(emit: Emit): Emit {
  return (event) => {
    try {
      emit(event);
    } catch {
      // It broke the port's promise; there is no other place to tell.
    }
  };
}
