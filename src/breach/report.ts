import { oncePer } from '../kernel/once-per.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { BreachUnknownReason } from './verdict.ts';

/** In an outage every sign-in fails the same way: one event a minute says it. */
const quietMs = 60_000;

/** Makes the function that reports a failure of a source as `breach.source-failed`, once a minute for each kind. */
export function failureReporter({ clock, emit }: { readonly clock: Clock; readonly emit: Emit }) {
  const mayTell = oncePer(quietMs, clock);
  return function report(source: string, failure: BreachUnknownReason): void {
    const reason = `${source}: ${failure}`;
    if (mayTell(reason)) emit({ type: 'breach.source-failed', reason });
  };
}
