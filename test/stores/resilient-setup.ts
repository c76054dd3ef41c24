import { createLimiter, type Limiter } from 'portcullis/limiter';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { memoryStore, resilientCounters, resilientRecords, type CounterStore, type RecordStore, type ResilientCountersOptions, type ResilientRecordsOptions } from '../../src/index.ts';
import { eventRecorder } from '../support/recorder.ts';

/** How the store behind behaves: as it should, refusing, never answering, or doing what it is told and then failing to say so. */
export type Weather = 'fine' | 'down' | 'hanging' | 'deaf' | 'lying';

export const minuteMs = 60_000;

/** A store of this process that plays one of others: it can go away, and it says that all share it. */
export function stormy<T extends object>(store: T, sky: { weather: Weather }): T {
  const wrapped = Object.entries(store).map(([verb, member]): [string, unknown] => {
    if (typeof member !== 'function' || verb === 'watch') return [verb, member];
    const call = member as (...given: unknown[]) => unknown;
    return [verb, async (...given: unknown[]) => {
      await Promise.resolve();
      if (sky.weather === 'down') throw Object.assign(new Error('connect ECONNREFUSED for ann@example.test'), { code: 'ECONNREFUSED' });
      if (sky.weather === 'hanging') return new Promise(() => undefined);
      if (sky.weather === 'lying') return 'OK';
      const answer = await call.apply(store, given);
      return sky.weather === 'deaf' ? new Promise(() => undefined) : answer;
    }];
  });
  return Object.fromEntries(wrapped) as T;
}

/** A limiter of five in five minutes for an account over a counter store that can go away. `export` is not to be had without it. */
export function countersUnderTest(options: ResilientCountersOptions = {}) {
  const clock = fakeClock();
  const recorder = eventRecorder();
  const sky: { weather: Weather } = { weather: 'fine' };
  const server = forgetfulServer(clock);
  const { behind, instead } = server;
  let calls = 0;
  const far = stormy<CounterStore>({ ...behind, shared: true }, sky);
  const counted: CounterStore = { ...far, take: (charges) => { calls += 1; return far.take(charges); } };
  const store = resilientCounters(counted, { clock, emit: recorder.emit, ...options });
  const limiterOf = (counters: CounterStore): Limiter<'account' | 'export'> => createLimiter({
    name: 'sign-in', store: counters, clock, emit: recorder.emit,
    rules: { account: { limit: 5, windowMs: 5 * minuteMs }, export: { limit: 5, windowMs: 5 * minuteMs, onStoreFailure: 'deny' } },
  });
  const limiter = limiterOf(store);
  /** The limiter of another process, over the same store. */
  const otherProcess = (): Limiter<'account' | 'export'> => limiterOf(resilientCounters(far, { clock, emit: recorder.emit, ...options }));
  /** The decision, with the time that it took by the fake clock. */
  const take = async (key: string, rule: 'account' | 'export' = 'account'): Promise<{ readonly ok: boolean; readonly tookMs: number; readonly retryAfterMs: number }> => {
    const beganMs = clock.monotonicMs();
    let endedMs = beganMs;
    const decision = limiter.take({ [rule]: key }).finally(() => { endedMs = clock.monotonicMs(); });
    decision.catch(() => undefined);
    await clock.advance(60);
    const decided = await decision;
    return { ok: decided.ok, tookMs: endedMs - beganMs, retryAfterMs: decided.ok ? 0 : decided.retryAfterMs };
  };
  /** How many of `times` attempts pass. */
  const passed = async (key: string, times: number): Promise<number> => {
    let sum = 0;
    for (let time = 0; time < times; time += 1) if ((await take(key)).ok) sum += 1;
    return sum;
  };
  return { clock, sky, store, behind, limiter, otherProcess, instead, forget: server.forget, take, passed, sent: () => calls, ...recorder };
}

/** A store that can lose everything, and of which a test may replace verbs. */
function forgetfulServer(clock: FakeClock): { readonly behind: CounterStore; readonly instead: Partial<Pick<CounterStore, 'take' | 'giveBack'>>; readonly forget: () => void } {
  let inner = memoryStore({ clock });
  const instead: Partial<Pick<CounterStore, 'take' | 'giveBack'>> = {};
  const behind: CounterStore = {
    shared: true,
    take: (charges) => (instead.take ?? inner.take)(charges),
    giveBack: (charges) => (instead.giveBack ?? inner.giveBack)(charges),
    peek: (charges) => inner.peek(charges),
    clear: (rule, key) => inner.clear(rule, key),
  };
  return { behind, instead, forget: () => { inner = memoryStore({ clock }); } };
}

/** Records behind a store that can go away. */
export function recordsUnderTest(options: ResilientRecordsOptions = {}) {
  const clock = fakeClock();
  const recorder = eventRecorder();
  const sky: { weather: Weather } = { weather: 'fine' };
  const behind = memoryStore({ clock });
  const store = resilientRecords(stormy<RecordStore>(behind, sky), { clock, emit: recorder.emit, ...options });
  /** Lets the clock run until it has settled. */
  const settled = async <T>(work: Promise<T>, withinMs = 260): Promise<T> => {
    work.catch(() => undefined);
    await clock.advance(withinMs);
    return work;
  };
  return { clock, sky, store, behind, settled, ...recorder };
}
