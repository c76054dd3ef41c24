import { memoryStore, type MemoryStoreOptions } from '../../src/stores/memory/index.ts';
import { fakeClock, type StoreUnderTest } from '../../src/testing/index.ts';

/** A memory store under a fake clock, as the contracts want it. */
export function memorySubject(options: MemoryStoreOptions = {}): StoreUnderTest<ReturnType<typeof memoryStore>> {
  const clock = fakeClock();
  return {
    store: memoryStore({ clock, ...options }),
    nowMs: () => clock.nowMs(),
    letTimePass: (byMs) => clock.advance(byMs),
    setClockBack(byMs) {
      clock.setWallMs(clock.nowMs() - byMs);
    },
    close: () => undefined,
  };
}
