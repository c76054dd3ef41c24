import { describe, expect, it } from 'vitest';
import type { RecordStore, StoredRecord } from 'portcullis';
import { memoryStore } from 'portcullis';
import type { ReadOnlyLevel, ReadOnlyMode } from 'portcullis/read-only';
import { fakeClock } from 'portcullis/testing';
import { breakable, emptyStore, order, recordKey, setup, stores } from './setup.ts';

const dayMs = 86_400_000;

function mayWrite(mode: ReadOnlyMode): boolean {
  return mode.check({ method: 'POST' }).allowed;
}

/** Puts the record back as it was, as a restored backup does: version numbers go on. */
async function restore(records: RecordStore, value: string | null): Promise<void> {
  const now = await records.read(recordKey);
  expect(await records.compareAndSet({ key: recordKey, expectedVersion: now?.version ?? 0, value })).toBe(true);
}

describe.each(stores)('processes on one %s', (on) => {
  it('see each other\'s switch within a second, on and off', async () => {
    const { mode, another, clock } = await setup({ on });
    const other = await another();
    await mode.set(order);
    expect(mayWrite(mode)).toBe(false);
    await clock.advance(500);
    expect(mayWrite(other)).toBe(false);
    expect(other.known()).toEqual({ state: 'current', switches: [{ level: 'writes', scope: { kind: 'everyone' }, reason: order.reason, by: order.by, sinceMs: clock.nowMs() - 500 }] });
    expect(await other.lift({ by: 'operator-2' })).toBe(true);
    await clock.advance(500);
    expect([mayWrite(mode), mayWrite(other)]).toEqual([true, true]);
  });

  it('see it by looking alone, where the store tells nobody', async () => {
    const clock = fakeClock();
    const { records } = breakable(emptyStore(on, clock));
    const { mode, another } = await setup({ records, clock, pollMs: 1_000 });
    const other = await another();
    await mode.set(order);
    await clock.advance(999);
    expect(mayWrite(other)).toBe(true);
    await clock.advance(1);
    expect(mayWrite(other)).toBe(false);
  });

  it('find it when they start', async () => {
    const { mode, another } = await setup({ on });
    await mode.set({ ...order, level: 'all', scope: { kind: 'user', id: 'eve' } });
    const later = await another();
    expect(later.known()).toEqual(mode.known());
    expect(later.check({ method: 'GET', accountId: 'eve' }).allowed).toBe(false);
  });

  it.each([
    ['everything', async (records: RecordStore) => restore(records, null)],
    ['an order', async (records: RecordStore, before: string) => restore(records, before)],
  ])('hold on to what the store has lost: %s; and write it back for those that start later', async (_what, lose) => {
    const { mode, another, records, clock, events } = await setup({ on });
    const other = await another();
    await mode.set({ ...order, level: 'sensitive', scope: { kind: 'user', id: 'eve' } });
    const before = (await records.read(recordKey))?.value ?? '';
    await mode.set(order);
    await clock.advance(1_000);
    await lose(records, before);
    expect(mayWrite(other)).toBe(false);
    await clock.advance(1_000);
    expect([mayWrite(mode), mayWrite(other), mayWrite(await another())]).toEqual([false, false, false]);
    expect(other.known()).toMatchObject({ state: 'current', switches: [{ scope: { kind: 'user', id: 'eve' } }, { scope: { kind: 'everyone' } }] });
    expect(events.filter(({ type }) => type === 'read-only.record-lost')).toContainEqual({ type: 'read-only.record-lost', switches: 2 });
    // Lifted is lifted, in all of them.
    expect(await other.lift({ by: 'x' })).toBe(true);
    await clock.advance(10_000);
    expect([mayWrite(mode), mayWrite(other), mayWrite(await another())]).toEqual([true, true, true]);
  });

  it('lift what the store has lost, before anybody has written it back', async () => {
    const { mode, another, records, clock } = await setup({ on });
    const other = await another();
    await mode.set(order);
    await clock.advance(1_000);
    await restore(records, null);
    expect(await mode.lift({ by: 'x' })).toBe(true);
    await clock.advance(2_000);
    expect(mayWrite(mode)).toBe(true);
    expect(await other.status()).toEqual([]);
  });

  it('hold both, the stricter of each scope, where a new record was made meanwhile', async () => {
    const clock = fakeClock();
    // Nobody is told: each looks when it is time, and the fresh one is there before the loss is noticed.
    const { records } = breakable(emptyStore(on, clock));
    const { mode, another } = await setup({ records, clock });
    await mode.set({ ...order, level: 'all', reason: 'old' });
    await mode.set({ ...order, level: 'sensitive', reason: 'old', scope: { kind: 'user', id: 'eve' } });
    await restore(records, null);
    const fresh = await another();
    await fresh.set({ ...order, level: 'writes', reason: 'new' });
    await fresh.set({ ...order, level: 'all', reason: 'new', scope: { kind: 'user', id: 'eve' } });
    await clock.advance(1_000);
    for (const each of [mode, fresh, await another()]) {
      expect(each.standing()).toMatchObject({ level: 'all', switch: { reason: 'old' } });
      expect(each.standing({ accountId: 'eve' })).toMatchObject({ level: 'all' });
      expect(each.known().switches.map(({ reason }) => reason).sort()).toEqual(['new', 'old']);
    }
  });
});

describe('expiry', () => {
  it('lifts at the planned end, in every process and in the store', async () => {
    const { mode, another, clock } = await setup();
    const other = await another();
    await mode.set({ ...order, forMs: 60_000 });
    await clock.advance(59_999);
    expect([mayWrite(mode), mayWrite(other)]).toEqual([false, false]);
    await clock.advance(1);
    expect([mayWrite(mode), mayWrite(other), await mode.status(), mode.known().switches, mode.banner()]).toEqual([true, true, [], [], undefined]);
    expect(await mode.lift({ by: 'x' })).toBe(false);
  });

  // ASVS 16.5.3
  it('is later, and never sooner, when the clock is set back by a day', async () => {
    const { mode, another, clock } = await setup();
    await mode.set({ ...order, forMs: 60_000 });
    clock.setWallMs(clock.nowMs() - dayMs);
    await clock.advance(60_000);
    expect([mayWrite(mode), mayWrite(await another())]).toEqual([false, false]);
    await mode.set({ ...order, level: 'all', scope: { kind: 'user', id: 'eve' } });
    expect(await mode.lift({ by: 'x' })).toBe(true);
    expect(mode.known().switches).toHaveLength(1);
  });

  it('comes as planned while the store is gone', async () => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    const { mode } = await setup({ records: store.records, clock });
    await mode.set({ ...order, forMs: 60_000 });
    store.fail('rejects');
    await clock.advance(59_999);
    expect(mayWrite(mode)).toBe(false);
    await clock.advance(1);
    expect(mayWrite(mode)).toBe(true);
  });
});

const failures = ['rejects', 'hangs', 'throws'] as const;

// ASVS 16.5.3
describe.each(failures)('a store that %s', (how) => {
  it('leaves what was known last: off stays off, on stays on', async () => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    const { mode, another, events } = await setup({ records: store.records, clock });
    const other = await another();
    store.fail(how);
    await clock.advance(200_000);
    expect([mayWrite(mode), mode.known().state]).toEqual([true, 'stale']);
    store.fail(undefined);
    await clock.advance(10_500);
    expect(mode.known().state).toBe('current');
    await mode.set(order);
    await clock.advance(500);
    events.length = 0;
    store.fail(how);
    await clock.advance(5 * 60_000);
    expect([mayWrite(mode), mayWrite(other), other.known().state]).toEqual([false, false, 'stale']);
    const told = events.filter(({ type }) => type === 'read-only.state-unknown');
    expect(told.length).toBeGreaterThanOrEqual(8);
    expect(told.length).toBeLessThanOrEqual(12);
    expect(told[0]).toMatchObject({ known: true });
  });

  const levels: readonly [ReadOnlyLevel, boolean, boolean][] = [['off', true, true], ['sensitive', true, true], ['writes', false, true], ['all', false, false]];

  it.each(levels)('and was never reached leaves whenUnknown: %s', async (whenUnknown, writes, reads) => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    store.fail(how);
    const { mode, events } = await setup({ records: store.records, clock, whenUnknown, operators: ['root'] });
    await clock.advance(2_000);
    expect([mayWrite(mode), mode.check({ method: 'GET' }).allowed, mode.known()]).toEqual([writes, reads, { state: 'unknown', switches: [] }]);
    expect(mode.check({ method: 'POST', label: 'exempt' }).allowed).toBe(true);
    expect(mode.check({ method: 'POST', accountId: 'root' }).allowed).toBe(true);
    expect(events[0]).toMatchObject({ type: 'read-only.state-unknown', known: false });
    if (!writes) expect(mode.check({ method: 'POST' })).toEqual({ allowed: false, level: whenUnknown, retryAfterMs: 60_000 });
    expect(mode.banner()).toEqual(whenUnknown === 'off' ? undefined : { level: whenUnknown, reason: '' });
    store.fail(undefined);
    await clock.advance(1_500);
    expect([mayWrite(mode), mode.known().state]).toEqual([true, 'current']);
  });

  it('makes orders fail clearly, or wait, and switches nothing', async () => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    const { mode, events } = await setup({ records: store.records, clock });
    store.fail(how);
    events.length = 0;
    const settled: unknown[] = [];
    for (const order_ of [mode.set(order), mode.lift({ by: 'x' }), mode.status()]) void order_.catch((error: unknown) => settled.push(error));
    await clock.advance(0);
    if (how !== 'hangs') {
      expect(settled).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ code: 'ERR_STORE', message: 'read-only: the record store failed' }) as unknown));
    }
    expect(events.filter(({ type }) => type === 'read-only.changed' || type === 'read-only.lifted')).toEqual([]);
    expect(mayWrite(mode)).toBe(true);
  });
});

describe('ready', () => {
  it('waits for the first look, and no longer than it is told to', async () => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    store.fail('rejects');
    const { mode } = await setup({ records: store.records, clock });
    const heard: boolean[] = [];
    void mode.ready(2_000).then((value) => heard.push(value));
    void mode.ready().then((value) => heard.push(value));
    await clock.advance(1_999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual([false]);
    store.fail(undefined);
    await clock.advance(500);
    expect(heard).toEqual([false, true]);
    expect(await mode.ready(0)).toBe(true);
  });

  it('ends with the mode', async () => {
    const clock = fakeClock();
    const store = breakable(memoryStore({ clock }));
    store.fail('hangs');
    const { mode } = await setup({ records: store.records, clock });
    const ready = mode.ready();
    mode.close();
    expect(await ready).toBe(false);
  });
});

describe('a mode that is closed', () => {
  it('looks no more and keeps what it knows', async () => {
    const clock = fakeClock();
    const inner = memoryStore({ clock });
    let reads = 0;
    let watchers = 0;
    const records: RecordStore = {
      ...inner,
      read(key) {
        reads += 1;
        return inner.read(key);
      },
      watch(key, changed) {
        watchers += 1;
        const end = inner.watch(key, changed);
        return () => {
          watchers -= 1;
          end();
        };
      },
    };
    const { mode, another } = await setup({ records, clock });
    await mode.set(order);
    mode.close();
    const before = reads;
    await clock.advance(60_000);
    expect([reads, watchers, mayWrite(mode)]).toEqual([before, 0, false]);
    const other = await another();
    await other.lift({ by: 'x' });
    await clock.advance(1_000);
    expect(mayWrite(mode)).toBe(false);
  });
});

describe('answers that come late', () => {
  /** A store whose reads are answered by hand. */
  function byHand(): { readonly records: RecordStore; readonly reads: ((record: StoredRecord | undefined) => void)[]; readonly changed: () => void } {
    const reads: ((record: StoredRecord | undefined) => void)[] = [];
    let changed = (): void => undefined;
    return {
      reads,
      changed: () => {
        changed();
      },
      records: {
        durable: true,
        read: () => new Promise((resolve) => reads.push(resolve)),
        compareAndSet: async () => Promise.resolve(true),
        watch: (_key, tell) => {
          changed = tell;
          return () => undefined;
        },
      },
    };
  }

  const stored = (revision: number, switches: readonly unknown[]): StoredRecord => ({ version: revision, value: JSON.stringify({ born: 'b', revision, switches }) });
  const on = { level: 'writes', scope: { kind: 'everyone' }, reason: 'r', by: 'b', sinceMs: 0 };

  it('count, but never against what began later', async () => {
    const clock = fakeClock();
    const { records, reads } = byHand();
    const { mode } = await setup({ records, clock });
    await clock.advance(1_500);
    expect(reads).toHaveLength(2);
    reads[1]?.(stored(2, [on]));
    await clock.advance(0);
    expect(mayWrite(mode)).toBe(false);
    reads[0]?.(stored(1, []));
    await clock.advance(0);
    expect([mayWrite(mode), mode.known().state]).toEqual([false, 'current']);
  });

  it('of a store that takes longer than a second for each are heeded one after the other', async () => {
    const clock = fakeClock();
    const { records, reads } = byHand();
    const { mode } = await setup({ records, clock });
    await clock.advance(1_500);
    reads[0]?.(stored(1, [on]));
    await clock.advance(0);
    expect([mayWrite(mode), mode.known().state]).toEqual([false, 'current']);
  });

  it('and a change during a look is looked at once more, however often it was told', async () => {
    const clock = fakeClock();
    const { records, reads, changed } = byHand();
    const { mode } = await setup({ records, clock });
    for (let turn = 0; turn < 1_000; turn += 1) changed();
    expect(reads).toHaveLength(1);
    reads[0]?.(stored(1, []));
    await clock.advance(0);
    expect(reads).toHaveLength(2);
    reads[1]?.(stored(2, [on]));
    await clock.advance(0);
    expect([reads.length, mayWrite(mode)]).toEqual([2, false]);
  });

  it('or never do not pile up without an end', async () => {
    const clock = fakeClock();
    const { records, reads } = byHand();
    await setup({ records, clock });
    await clock.advance(100_000);
    expect(reads.length).toBeLessThan(70);
    const before = reads.length;
    // One that answers is enough to look every second again, as at a store that hangs a little.
    await clock.advance(10_000);
    reads.at(-1)?.(undefined);
    await clock.advance(5_000);
    expect(reads.length).toBeGreaterThanOrEqual(before + 4);
  });
});
