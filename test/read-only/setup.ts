import { onTestFinished } from 'vitest';
import type { RecordStore, SecurityEvent } from 'portcullis';
import { createReadOnlyMode, type ReadOnlyMode, type ReadOnlyModeOptions } from 'portcullis/read-only';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { emptyStore, type StoreName } from '../support/record-stores.ts';

export const recordKey = 'read-only:switches';

export { emptyStore, stores } from '../support/record-stores.ts';

export interface Setup {
  readonly mode: ReadOnlyMode;
  readonly records: RecordStore;
  readonly clock: FakeClock;
  readonly events: SecurityEvent[];
  /** Another process of the app, on the same store. */
  readonly another: (options?: Partial<ReadOnlyModeOptions>) => Promise<ReadOnlyMode>;
}

/** A mode that has reached its store. */
export async function setup({ on = 'memoryStore', clock = fakeClock(), ...options }: Partial<ReadOnlyModeOptions> & { readonly on?: StoreName; readonly clock?: FakeClock } = {}): Promise<Setup> {
  const records = options.records ?? emptyStore(on, clock);
  const events: SecurityEvent[] = [];
  const another: Setup['another'] = async (own = {}) => {
    const mode = createReadOnlyMode({ records, clock, emit: (event) => events.push(event), ...options, ...own });
    onTestFinished(() => {
      mode.close();
    });
    await clock.advance(0);
    return mode;
  };
  return { mode: await another(), records, clock, events, another };
}

export const order = { level: 'writes', reason: 'spam is being sent', by: 'operator-1' } as const;

/** What a person of two organizations may do. */
export const person = { accountId: 'user-1', organizationIds: ['team-1', 'team-2'] };

/** A store that works until it is told not to. */
export function breakable(inner: RecordStore): { readonly records: RecordStore; fail(how: 'rejects' | 'hangs' | 'throws' | undefined): void } {
  let how: 'rejects' | 'hangs' | 'throws' | undefined;
  function through<T>(call: () => Promise<T>): Promise<T> {
    if (how === 'rejects') return Promise.reject(new Error('down'));
    if (how === 'throws') throw new Error('down');
    return how === 'hangs' ? new Promise<never>(() => undefined) : call();
  }
  return {
    records: { durable: true, read: (key) => through(() => inner.read(key)), compareAndSet: (change) => through(() => inner.compareAndSet(change)), watch: () => () => undefined },
    fail(next) {
      how = next;
    },
  };
}
