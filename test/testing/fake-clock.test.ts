import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';

describe('the fake clock', () => {
  it('stands still until it is moved, and then both readings move', async () => {
    const clock = fakeClock(1_000);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000, 0]);
    await clock.advance(250);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_250, 250]);
  });

  it('sets the wall clock without touching the monotonic one or the timers', async () => {
    const clock = fakeClock();
    let ran = false;
    clock.after(100, () => { ran = true; });
    clock.setWallMs(0);
    expect([clock.nowMs(), clock.monotonicMs(), ran]).toEqual([0, 0, false]);
    await clock.advance(100);
    expect([clock.nowMs(), clock.monotonicMs(), ran]).toEqual([100, 100, true]);
  });

  it('runs what is due in order, each at its own time, with promises settled in between', async () => {
    const clock = fakeClock(0);
    const seen: string[] = [];
    clock.after(30, () => seen.push(`c ${clock.nowMs()}`));
    clock.after(10, () => {
      seen.push(`a ${clock.nowMs()}`);
      void Promise.resolve().then(() => clock.after(10, () => seen.push(`b ${clock.nowMs()}`)));
    });
    clock.after(31, () => seen.push('late'));
    await clock.advance(30);
    expect(seen).toEqual(['a 10', 'b 20', 'c 30']);
  });

  it('does not run what was cancelled', async () => {
    const clock = fakeClock();
    let ran = false;
    clock.after(10, () => { ran = true; })();
    await clock.advance(10);
    expect(ran).toBe(false);
  });
});
