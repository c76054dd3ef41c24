import { describe, expect, it } from 'vitest';
import { setup } from './support.ts';

const done = async (): Promise<void> => undefined;
const hanging = (): Promise<void> => new Promise<void>(() => undefined);

describe('work after the answer', () => {
  // ASVS 6.3.8
  it('begins only when the answer may go out, however early it was asked for', async () => {
    const { clock, uniform } = setup();
    const log: string[] = [];
    const span = uniform.begin('forgot-password');
    span.later('mail', async () => void log.push(`mail at ${clock.monotonicMs()}`));
    void span.end().then(() => log.push(`answer at ${clock.monotonicMs()}`));
    await clock.advance(249);
    expect(log).toEqual([]);
    await clock.advance(10);
    expect(log).toEqual(['answer at 250', 'mail at 250']);
  });

  it('takes no time of the answer, whatever it is', async () => {
    const times = [];
    for (const run of [done, hanging, () => { throw new Error('at once'); }, () => Promise.reject(new Error('later'))]) {
      const { clock, uniform } = setup();
      const span = uniform.begin('forgot-password');
      span.later('mail', run);
      let endedMs = 0;
      void span.end().then(() => {
        endedMs = clock.monotonicMs();
      });
      await clock.advance(1_000);
      times.push(endedMs);
    }
    expect(times).toEqual([250, 250, 250, 250]);
  });

  it('is done once, though a flow that fails after its answer ends the span again', async () => {
    const { clock, uniform } = setup();
    let mails = 0;
    const span = uniform.begin('forgot-password');
    span.later('mail', async () => void (mails += 1));
    void span.end().then(() => span.end());
    await clock.advance(1_000);
    expect(mails).toBe(1);
  });

  it('is not done for a request that never got its answer', async () => {
    const { clock, uniform } = setup();
    let mails = 0;
    uniform.begin('forgot-password').later('mail', async () => void (mails += 1));
    await clock.advance(60_000);
    expect(mails).toBe(0);
  });

  it('may be asked for outside a request, and begins a turn of the event loop later', async () => {
    const { clock, uniform } = setup();
    let ran = false;
    uniform.later('rehash', async () => void (ran = true));
    await Promise.resolve();
    expect(ran).toBe(false);
    await clock.advance(0);
    expect(ran).toBe(true);
  });

  it('goes on in order, ten jobs at a time', async () => {
    const { clock, uniform } = setup();
    const started: number[] = [];
    for (let job = 0; job < 35; job += 1) {
      uniform.later('mail', async () => {
        started.push(job);
        await new Promise<void>((resolve) => void clock.after(100, resolve));
      });
    }
    await clock.advance(1);
    expect(started).toHaveLength(10);
    await clock.advance(100);
    expect(started).toHaveLength(20);
    await clock.advance(200);
    expect(started).toEqual(Array.from({ length: 35 }, (_, job) => job));
  });
});

// ASVS 16.3.4, 16.5.2
describe('work after the answer that goes wrong', () => {
  const failures: readonly (readonly [string, () => Promise<void>, string])[] = [
    ['throws', () => { throw new TypeError('no such user kestrel@example.org'); }, 'TypeError'],
    ['rejects', () => Promise.reject(Object.assign(new Error('kestrel@example.org'), { code: 'ECONNREFUSED' })), 'Error ECONNREFUSED'],
  ];
  it.each(failures)('is one event without what it was about: it %s', async (_what, run, error) => {
    const { clock, uniform, events } = setup();
    uniform.later('mail', run);
    await clock.advance(0);
    expect(events).toEqual([{ type: 'deferred.failed', job: 'mail', error }]);
  });

  it('does not stop the next job', async () => {
    const { clock, uniform, events } = setup();
    let ran = 0;
    for (let job = 0; job < 25; job += 1) {
      uniform.later('bad', () => Promise.reject(new Error('x')));
      uniform.later('good', async () => void (ran += 1));
    }
    await clock.advance(10);
    expect(ran).toBe(25);
    expect(events).toHaveLength(25);
  });

  it('gives up its place after 30 s when it hangs', async () => {
    const { clock, uniform, events } = setup();
    let ran = false;
    for (let job = 0; job < 10; job += 1) uniform.later('mail', hanging);
    uniform.later('mail', async () => void (ran = true));
    await clock.advance(29_999);
    expect([ran, events]).toEqual([false, []]);
    await clock.advance(1);
    expect(ran).toBe(true);
    expect(events).toEqual(new Array(10).fill({ type: 'deferred.failed', job: 'mail', error: 'late' }));
  });

  it('never leaves more than a hundred hanging jobs behind, and goes on once one of them ends', async () => {
    const { clock, uniform } = setup();
    let started = 0;
    let end: (() => void) | undefined;
    for (let job = 0; job < 500; job += 1) {
      uniform.later('mail', () => {
        started += 1;
        return new Promise<void>((resolve) => {
          end ??= resolve;
        });
      });
    }
    await clock.advance(3_600_000);
    expect(started).toBe(100);
    end?.();
    await clock.advance(0);
    expect(started).toBe(101);
  });

  it('is dropped with an event when too much waits, and the answer stays the same', async () => {
    const { clock, uniform, events } = setup({ maxDeferred: 5 });
    for (let job = 0; job < 10; job += 1) uniform.later('slow', hanging);
    await clock.advance(0);
    events.length = 0;
    const span = uniform.begin('forgot-password');
    for (let job = 0; job < 8; job += 1) span.later('mail', done);
    let endedMs = 0;
    void span.end().then(() => {
      endedMs = clock.monotonicMs();
    });
    await clock.advance(1_000);
    expect(endedMs).toBe(250);
    expect(events.filter(({ type }) => type === 'deferred.dropped').length).toBeGreaterThanOrEqual(3);
  });

  it('harms nothing when the listener throws too', async () => {
    const { clock, uniform } = setup({
      emit: () => {
        throw new Error('listener');
      },
    });
    let ran = false;
    for (let job = 0; job < 12; job += 1) uniform.later('mail', () => Promise.reject(new Error('x')));
    uniform.later('mail', async () => void (ran = true));
    await clock.advance(10);
    expect(ran).toBe(true);
    expect(await uniform.drain(1_000)).toBe(0);
  });
});

describe('shutting down', () => {
  it('waits for what runs and for what waits', async () => {
    const { clock, uniform } = setup();
    let mails = 0;
    for (let job = 0; job < 25; job += 1) {
      uniform.later('mail', async () => {
        await new Promise<void>((resolve) => void clock.after(50, resolve));
        mails += 1;
      });
    }
    const left = uniform.drain(1_000);
    await clock.advance(1_000);
    expect([await left, mails]).toEqual([0, 25]);
  });

  it('does not wait longer than it was told for a job that hangs, and counts it', async () => {
    const { clock, uniform } = setup();
    for (let job = 0; job < 13; job += 1) uniform.later('mail', hanging);
    let left: number | undefined;
    void uniform.drain(2_000).then((count) => {
      left = count;
    });
    await clock.advance(1_999);
    expect(left).toBeUndefined();
    await clock.advance(1);
    expect(left).toBe(13);
  });

  it('counts what waits behind a hundred jobs that hang', async () => {
    const { clock, uniform } = setup();
    for (let job = 0; job < 130; job += 1) uniform.later('mail', hanging);
    await clock.advance(3_600_000);
    let left: number | undefined;
    void uniform.drain(2_000).then((count) => {
      left = count;
    });
    uniform.later('mail', done);
    await clock.advance(1_000);
    expect(left).toBeUndefined();
    await clock.advance(1_000);
    expect(left).toBe(31);
  });

  it('ends at once when there is nothing to do, again and again', async () => {
    const { uniform } = setup();
    expect(await uniform.drain(1_000)).toBe(0);
    expect(await uniform.drain(1_000)).toBe(0);
  });
});
