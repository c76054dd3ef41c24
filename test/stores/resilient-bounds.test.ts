import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countersUnderTest, minuteMs, type Weather } from './resilient-setup.ts';

const weather = fc.constantFrom<Weather>('fine', 'fine', 'down', 'hanging', 'deaf', 'lying');
const step = fc.record({
  /** Which process is asked. */
  by: fc.nat({ max: 2 }),
  weather,
  /** The attempt was right: it is given back, in this weather. */
  refund: fc.option(weather, { nil: undefined, freq: 3 }),
  thenMs: fc.constantFrom(0, 0, 10, 300, 1_200),
});

// ASVS 5.0 6.3.1, 16.5.2
describe('whoever may choose at each moment what the store and the network do', () => {
  it.each([[1, 5], [2, 5 + 4], [3, 5 + 3]])('has of %i processes no more than %i attempts, and what time brings back', { timeout: 120_000 }, async (processes, most) => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const { limiter, otherProcess, sky, clock } = countersUnderTest({ processes });
      const limiters = [limiter, ...Array.from({ length: processes - 1 }, otherProcess)];
      const beganMs = clock.monotonicMs();
      let passes = 0;
      for (const each of steps) {
        const asked = limiters[each.by % processes] ?? limiter;
        sky.weather = each.weather;
        const decision = asked.take({ account: 'ann' });
        await clock.advance(51);
        const decided = await decision;
        if (decided.ok && each.refund !== undefined) {
          sky.weather = each.refund;
          const refund = asked.refund(decided);
          await clock.advance(51);
          await refund;
        } else if (decided.ok) passes += 1;
        await clock.advance(each.thenMs);
      }
      const back = Math.ceil((clock.monotonicMs() - beganMs) / minuteMs);
      // The store brings back one unit in a minute, and so do all shares together.
      expect(passes).toBeLessThanOrEqual(most + (processes === 1 ? 1 : 2) * back);
      // And nobody is kept out for longer than one window after it.
      sky.weather = 'fine';
      await clock.advance(2_000);
      await clock.advance(5 * minuteMs);
      for (let attempt = 0; attempt < 5; attempt += 1) expect((await limiter.take({ account: 'ann' })).ok).toBe(true);
    }), { numRuns: 300 });
  });
});
