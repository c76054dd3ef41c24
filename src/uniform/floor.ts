import { wait } from '../kernel/deadline.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';

const samples = 128;
const warnShare = 0.9;
const warnEveryMs = 60_000;

export interface TimeFloor {
  /** Resolves at the first multiple of the quantum, counted from `startedMs`, that is neither past nor before `notBeforeMs`. */
  hold(span: { readonly route: string; readonly startedMs: number; readonly notBeforeMs?: number }): Promise<void>;
}

interface Route {
  readonly elapsedMs: number[];
  next: number;
  warnedMs: number;
}

/**
 * Lets answers out only at whole multiples of a quantum. Work that always ends within the first one always answers at
 * the same time, whatever it found; the measured 99th percentile of each route says whether that still holds.
 */
export function createTimeFloor(options: { readonly quantumMs: number; readonly clock: Clock; readonly emit: Emit }): TimeFloor {
  const { quantumMs, clock, emit } = options;
  const routes = new Map<string, Route>();

  function note(name: string, elapsedMs: number, nowMs: number): void {
    const route = routes.get(name) ?? { elapsedMs: [], next: 0, warnedMs: -Infinity };
    routes.set(name, route);
    route.elapsedMs[route.next] = elapsedMs;
    route.next = (route.next + 1) % samples;
    if (elapsedMs < quantumMs * warnShare || nowMs - route.warnedMs < warnEveryMs) return;
    const p99Ms = percentile99(route.elapsedMs);
    // One slow request among a hundred is no news; the first few are no measurement.
    if (route.elapsedMs.length < 20 || p99Ms < quantumMs * warnShare) return;
    route.warnedMs = nowMs;
    emit({ type: 'uniform.floor-outgrown', route: name, p99Ms: Math.ceil(p99Ms), quantumMs });
  }

  return {
    async hold({ route, startedMs, notBeforeMs = startedMs }) {
      const nowMs = clock.monotonicMs();
      note(route, nowMs - startedMs, nowMs);
      const readyMs = Math.max(nowMs, notBeforeMs) - startedMs;
      const dueMs = Math.max(1, Math.ceil(readyMs / quantumMs)) * quantumMs;
      await wait(clock, startedMs + dueMs - nowMs);
    },
  };
}

function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0;
}
