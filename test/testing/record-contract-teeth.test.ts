import { describe, expect, it } from 'vitest';
import { fakeClock, recordStoreContract, type ContractCase, type StoreUnderTest } from 'portcullis/testing';
import type { RecordChange, RecordStore } from '../../src/ports/record-store.ts';

interface Row {
  value: string;
  version: number;
  expiresAtMs: number;
}

interface Parts {
  readonly slotOf: (key: string) => string;
  readonly pause: () => Promise<void> | undefined;
  readonly fits: (row: Row | undefined, change: RecordChange) => boolean;
  readonly versionAfter: (row: Row | undefined, writes: number) => number;
  readonly isGone: (row: Row) => boolean;
  readonly endOf: (change: RecordChange, row: Row | undefined) => number;
  readonly tell: (watchers: ReadonlySet<{ key: string; changed: () => void }>, key: string) => void;
  readonly handOut: (row: Row) => { value: string; version: number };
}

/** A correct record store, with any of its parts replaced by a mistake. */
function plainRecords(wrong: (right: Parts, nowMs: () => number) => Partial<Parts> = () => ({})): StoreUnderTest<RecordStore> {
  const clock = fakeClock();
  const right: Parts = {
    slotOf: JSON.stringify,
    pause: () => undefined,
    fits: (row, { expectedVersion }) => (row?.version ?? 0) === expectedVersion,
    versionAfter: (_, writes) => writes,
    isGone: ({ expiresAtMs }) => expiresAtMs <= clock.nowMs(),
    endOf: ({ expiresAtMs }) => expiresAtMs ?? Infinity,
    tell: (watchers, key) => {
      for (const watcher of watchers) if (watcher.key === key) watcher.changed();
    },
    handOut: ({ value, version }) => ({ value, version }),
  };
  const parts = { ...right, ...wrong(right, () => clock.nowMs()) };
  const rows = new Map<string, Row>();
  const watchers = new Set<{ key: string; changed: () => void }>();
  let writes = 0;

  function live(key: string): Row | undefined {
    const row = rows.get(parts.slotOf(key));
    if (row === undefined || !parts.isGone(row)) return row;
    rows.delete(parts.slotOf(key));
    return undefined;
  }

  const store: RecordStore = {
    durable: false,
    async read(key) {
      const row = live(key);
      return row && parts.handOut(row);
    },
    async compareAndSet(change) {
      const row = live(change.key);
      const fits = parts.fits(row, change);
      const paused = parts.pause();
      if (paused !== undefined) await paused;
      if (!fits) return false;
      if (change.value === null) rows.delete(parts.slotOf(change.key));
      else rows.set(parts.slotOf(change.key), { value: change.value, version: parts.versionAfter(row, (writes += 1)), expiresAtMs: parts.endOf(change, row) });
      parts.tell(watchers, change.key);
      return true;
    },
    watch(key, changed) {
      const watcher = { key, changed };
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
  return {
    store,
    nowMs: () => clock.nowMs(),
    letTimePass: (byMs) => clock.advance(byMs),
    setClockBack(byMs) {
      clock.setWallMs(clock.nowMs() - byMs);
    },
    close: () => undefined,
  };
}

async function failing(contract: readonly ContractCase[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, run } of contract) await run().catch(() => names.push(name));
  return names;
}

/** A mistake, and a case that must find it. */
const mistakes: readonly (readonly [string, Parameters<typeof plainRecords>[0], RegExp])[] = [
  ['reads first and writes later', () => ({ pause: () => Promise.resolve() }), /one of fifty writers replace/],
  ['never compares', () => ({ fits: () => true }), /only for who names its version/],
  ['does not compare when it removes', ({ fits }) => ({ fits: (row, change) => change.value === null || fits(row, change) }), /removes a record only for/],
  ['takes no expected version for any', ({ fits }) => ({ fits: (row, change) => change.expectedVersion === 0 || fits(row, change) }), /replaces a record only for/],
  ['counts the versions of a record from one again', () => ({ versionAfter: (row) => (row?.version ?? 0) + 1 }), /after the record was removed and made anew/],
  ['takes the time as the version', (_, nowMs) => ({ versionAfter: () => nowMs() }), /new version also where the value stays the same/],
  ['never lets anything expire', () => ({ isGone: () => false }), /forgets a record from the moment it expires/],
  ['takes the end for seconds', () => ({ endOf: ({ expiresAtMs }) => (expiresAtMs === undefined ? Infinity : Math.ceil(expiresAtMs / 1000) * 1000) }), /also below a second/],
  ['keeps the first end', ({ endOf }) => ({ endOf: (change, row) => row?.expiresAtMs ?? endOf(change, row) }), /takes the end from the last write/],
  ['keeps 31 bits of the time that is left', (_, nowMs) => ({ endOf: ({ expiresAtMs }) => (expiresAtMs === undefined ? Infinity : nowMs() + ((expiresAtMs - nowMs()) | 0)) }), /for 90 and 400 days/],
  ['hides what has expired and keeps it', (_, nowMs) => ({ isGone: () => false, handOut: (row) => (row.expiresAtMs <= nowMs() ? undefined : { ...row }) as Row }), /one that does not exist/],
  ['tells nobody', () => ({ tell: () => undefined }), /tells a watcher/],
  ['tells everybody', () => ({ tell: (watchers) => { for (const { changed } of watchers) changed(); } }), /for another key/],
  ['tells one watcher', () => ({ tell: (watchers, key) => { [...watchers].find((each) => each.key === key)?.changed(); } }), /calls every watcher/],
  ['hands out what it keeps', () => ({ handOut: (row) => row }), /hands out none that it keeps/],
  ['ends a key at NUL', () => ({ slotOf: (key) => key.split('\0')[0] ?? '' }), /hostile keys apart/],
  ['writes keys as UTF-8', () => ({ slotOf: (key) => Buffer.from(key).toString() }), /hostile keys apart/],
  ['cuts long keys off', () => ({ slotOf: (key) => key.slice(0, 512) }), /hostile keys apart/],
];

describe('the contract of record stores', () => {
  it('passes a plain, correct store', async () => {
    const contract = recordStoreContract(() => plainRecords());
    expect(await failing(contract)).toEqual([]);
    expect(new Set(contract.map(({ name }) => name)).size).toBe(contract.length);
  });

  it.each(mistakes)('finds a store that %s', async (_, wrong, expected) => {
    expect(await failing(recordStoreContract(() => plainRecords(wrong)))).toContainEqual(expect.stringMatching(expected));
  });

  it('finds a store that calls watchers which have ended', async () => {
    const contract = recordStoreContract(() => {
      const subject = plainRecords();
      return { ...subject, store: { ...subject.store, watch: (key, changed) => { subject.store.watch(key, changed); return () => undefined; } } };
    });
    expect(await failing(contract)).toContainEqual(expect.stringMatching(/none that has ended/));
  });
});
