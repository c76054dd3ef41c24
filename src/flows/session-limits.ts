import type { SessionFacts } from '../ports/session.ts';

/** How long a session lives: from its sign-in, whatever happens, and from the last request on. Both ms. */
export interface SessionLimits {
  readonly absoluteMs: number;
  readonly idleMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3. The first names no idle time. */
export const sessionPresets = Object.freeze({
  aal1: Object.freeze({ absoluteMs: 30 * dayMs, idleMs: 30 * dayMs }),
  aal2: Object.freeze({ absoluteMs: dayMs, idleMs: hourMs }),
  aal3: Object.freeze({ absoluteMs: 12 * hourMs, idleMs: hourMs / 4 }),
});

/** Whether the session has ended by itself. A time that is none, or is ahead of the clock by more than a minute, ends it too. */
export function hasEnded({ startedAtMs, seenAtMs = startedAtMs }: SessionFacts, { absoluteMs, idleMs }: SessionLimits, nowMs: number): boolean {
  const age = (sinceMs: number): number => nowMs - sinceMs;
  const lives = age(startedAtMs) < absoluteMs && age(seenAtMs) < idleMs && age(startedAtMs) >= -60_000 && age(seenAtMs) >= -60_000;
  return !lives;
}

/** The session with the time of this request, or as it is where that was noted a moment ago: not every request needs a write. */
export function seen(session: SessionFacts, { idleMs }: SessionLimits, nowMs: number): SessionFacts {
  const lastMs = session.seenAtMs ?? session.startedAtMs;
  return nowMs - lastMs < idleMs / 20 ? session : { ...session, seenAtMs: nowMs };
}
