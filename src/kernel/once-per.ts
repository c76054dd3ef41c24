import type { Clock } from '../ports/clock.ts';

/** Makes the function that answers true once in `quietForMs` for each name: what fails all the time is news once. For few names. */
export function oncePer(quietForMs: number, clock: Clock): (name: string) => boolean {
  const quietUntil = new Map<string, number>();
  return function mayTell(name) {
    const nowMs = clock.monotonicMs();
    if (nowMs < (quietUntil.get(name) ?? -Infinity)) return false;
    quietUntil.set(name, nowMs + quietForMs);
    return true;
  };
}
