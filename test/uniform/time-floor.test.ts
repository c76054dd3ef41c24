import type { Clock, SecurityEvent } from 'portcullis';
import { describe, expect, it } from 'vitest';
import { setup } from './support.ts';

/** Works `workMs` and answers; how long the sender waited, ms. */
async function answeredAfter({ clock, uniform }: ReturnType<typeof setup>, work: { readonly workMs: number; readonly route?: string; readonly notBeforeMs?: number }): Promise<number> {
  const startedMs = clock.monotonicMs();
  const span = uniform.begin(work.route ?? 'sign-in');
  await clock.advance(work.workMs);
  let endedMs: number | undefined;
  void span.end(work.notBeforeMs === undefined ? undefined : startedMs + work.notBeforeMs).then(() => {
    endedMs = clock.monotonicMs();
  });
  await clock.advance(0);
  for (let turn = 0; endedMs === undefined && turn < 20; turn += 1) await clock.advance(250);
  return (endedMs ?? Number.NaN) - startedMs;
}

const outgrown = (events: readonly SecurityEvent[]): readonly SecurityEvent[] => events.filter(({ type }) => type === 'uniform.floor-outgrown');

describe('the time of an answer', () => {
  // ASVS 6.3.8
  it.each([0, 0.25, 1 / 3, 1, 3, 99, 180, 249, 249.75, 250])('is one quantum for any work that ends within it: %d ms', async (workMs) => {
    expect(await answeredAfter(setup(), { workMs })).toBe(250);
  });

  it.each([
    [250.5, 500],
    [251, 500],
    [499, 500],
    [500, 500],
    [501, 750],
    [2_001, 2_250],
  ])('is the next multiple of the quantum for longer work: %d ms takes %d ms', async (workMs, expectedMs) => {
    expect(await answeredAfter(setup(), { workMs })).toBe(expectedMs);
  });

  it('follows the option', async () => {
    const slow = setup({ quantumMs: 1_000 });
    expect(await answeredAfter(slow, { workMs: 30 })).toBe(1_000);
    expect(await answeredAfter(slow, { workMs: 1_001 })).toBe(2_000);
  });

  it.each([
    [100, 250],
    [250, 250],
    [251, 500],
    [730, 750],
  ])('is also a multiple when something else may not be answered before %d ms', async (notBeforeMs, expectedMs) => {
    expect(await answeredAfter(setup(), { workMs: 20, notBeforeMs })).toBe(expectedMs);
    expect(await answeredAfter(setup(), { workMs: 260, notBeforeMs })).toBe(Math.max(500, expectedMs));
  });

  it('is measured from the beginning of each request, many at once', async () => {
    const { clock, uniform } = setup();
    const waits: number[] = [];
    for (let request = 0; request < 40; request += 1) {
      const startedMs = clock.monotonicMs();
      void uniform.begin('sign-in').end().then(() => waits.push(clock.monotonicMs() - startedMs));
      await clock.advance(7);
    }
    await clock.advance(250);
    expect(waits).toEqual(new Array<number>(40).fill(250));
  });

  it('is never shorter, though timers may fire a fraction early', async () => {
    const { clock } = setup();
    const hasty: Clock = {
      ...clock,
      after(delayMs, run) {
        return clock.after(Math.max(0.5, Math.trunc(delayMs) - 0.75), run);
      },
    };
    const { uniform } = setup({ clock: hasty });
    let endedMs = 0;
    const span = uniform.begin('sign-in');
    await clock.advance(10.5);
    void span.end().then(() => {
      endedMs = clock.monotonicMs();
    });
    await clock.advance(1_000);
    expect(endedMs).toBeGreaterThanOrEqual(250);
    expect(endedMs).toBeLessThan(252);
  });

  it('does not follow a wall clock that is set back', async () => {
    const context = setup();
    const span = context.uniform.begin('sign-in');
    context.clock.setWallMs(0);
    let ended = false;
    void span.end().then(() => {
      ended = true;
    });
    await context.clock.advance(250);
    expect(ended).toBe(true);
  });
});

describe('work that outgrows the quantum', () => {
  it('is reported with its 99th percentile, once a minute for each route', async () => {
    const context = setup();
    for (let request = 0; request < 19; request += 1) await answeredAfter(context, { workMs: 240 });
    expect(outgrown(context.events)).toEqual([]);
    for (let request = 0; request < 21; request += 1) await answeredAfter(context, { workMs: 239.5 });
    expect(outgrown(context.events)).toEqual([{ type: 'uniform.floor-outgrown', route: 'sign-in', p99Ms: 240, quantumMs: 250 }]);
    for (let request = 0; request < 20; request += 1) await answeredAfter(context, { workMs: 300, route: 'forgot-password' });
    expect(outgrown(context.events).map((event) => 'route' in event && event.route)).toEqual(['sign-in', 'forgot-password']);
    await context.clock.advance(60_000);
    await answeredAfter(context, { workMs: 240 });
    expect(outgrown(context.events)).toHaveLength(3);
  });

  it('is not reported for one slow request among a hundred', async () => {
    const context = setup();
    for (let request = 0; request < 128; request += 1) await answeredAfter(context, { workMs: request === 60 ? 900 : 40 });
    expect(outgrown(context.events)).toEqual([]);
    expect(context.uniform.measuredP99Ms()).toEqual({ 'sign-in': 40 });
  });

  it('is forgotten once it is fast again', async () => {
    const context = setup();
    for (let request = 0; request < 128; request += 1) await answeredAfter(context, { workMs: 300 });
    expect(context.uniform.measuredP99Ms()).toEqual({ 'sign-in': 300 });
    for (let request = 0; request < 128; request += 1) await answeredAfter(context, { workMs: 30 });
    expect(context.uniform.measuredP99Ms()).toEqual({ 'sign-in': 30 });
  });

  it('does not count the time that an answer was held', async () => {
    const context = setup();
    for (let request = 0; request < 30; request += 1) await answeredAfter(context, { workMs: 12.25, notBeforeMs: 700 });
    expect(context.uniform.measuredP99Ms()).toEqual({ 'sign-in': 13 });
    expect(outgrown(context.events)).toEqual([]);
  });

  it('is measured for at most 64 names, whatever the app calls its routes', async () => {
    const { clock, uniform } = setup();
    for (let route = 0; route < 500; route += 1) void uniform.begin(`/reset/${route}`).end();
    void uniform.begin('__proto__').end();
    await clock.advance(250);
    const names = Object.keys(uniform.measuredP99Ms());
    expect(names).toHaveLength(65);
    expect(names.at(-1)).toBe('other');
  });

  it('changes no answer when the listener throws', async () => {
    const context = setup({
      emit: () => {
        throw new Error('listener');
      },
    });
    for (let request = 0; request < 30; request += 1) expect(await answeredAfter(context, { workMs: 240 })).toBe(250);
  });
});
