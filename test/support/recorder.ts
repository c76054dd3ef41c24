import type { Emit, SecurityEvent } from '../../src/ports/events.ts';

/** Collects events, in order. */
export function eventRecorder(): { readonly emit: Emit; readonly events: SecurityEvent[]; types(): readonly string[] } {
  const events: SecurityEvent[] = [];
  return { emit: (event) => events.push(event), events, types: () => events.map(({ type }) => type) };
}
