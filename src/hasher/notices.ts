import type { Clock } from '../ports/clock.ts';
import type { Emit, SecurityEvent } from '../ports/events.ts';

/** In an overload every sign-in is refused: one event in this time says it. */
const quietMs = 10_000;

/** Makes the function that emits an event unless one went out a moment ago. */
export function quietly({ clock, emit }: { readonly clock: Clock; readonly emit: Emit }): Emit {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return function notice(event: SecurityEvent): void {
    const nowMs = clock.monotonicMs();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + quietMs;
    emit(event);
  };
}
