import { wait } from '../kernel/deadline.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';

const samples = 128;
const warnShare = 0.9;
const warnEveryMs = 60_000;
/** Sums of fractional readings are off by less than this. */
const roundingMs = 0.001;
/** Names come from the app: should one be made of a URL, the rest share one measurement. */
const maxRoutes = 64;

export interface TimeFloor {
  /** Resolves at the first multiple of the quantum, counted from `startedMs`, that is neither past nor before `notBeforeMs`. */
  hold(span: { readonly route: string; readonly startedMs: number; readonly notBeforeMs?: number }): Promise<void>;
  /** For each route, the 99th percentile of the time its last 128 requests worked, ms. */
  p99Ms(): Readonly<Record<string, number>>;
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

  function note(given: string, elapsedMs: number, nowMs: number): void {
    const name = routes.has(given) || routes.size < maxRoutes ? given : 'other';
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
      const dueMs = startedMs + Math.max(1, Math.ceil(readyMs / quantumMs)) * quantumMs;
      // Node's timers count whole milliseconds and may fire a fraction of one early.
      for (let leftMs = dueMs - nowMs; leftMs > roundingMs; leftMs = dueMs - clock.monotonicMs()) await wait(clock, leftMs);
    },
    p99Ms: () => Object.fromEntries([...routes].map(([name, route]) => [name, Math.ceil(percentile99(route.elapsedMs))])),
  };
}

function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0;
}
