import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { sqliteStore, type SqliteStore, type SqliteStoreOptions } from 'portcullis/sqlite';
import { fakeClock, type FakeClock, type StoreUnderTest } from 'portcullis/testing';

/** The path of a file that does not exist yet, in a directory of its own that is gone after the test. */
export function freshPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-sqlite-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return join(directory, 'store.db');
}

/** A store that is closed after the test. */
export function openStore(path: string, options: SqliteStoreOptions = {}): SqliteStore {
  const store = sqliteStore(path, options);
  onTestFinished(() => {
    store.close();
  });
  return store;
}

/** A store in a file of its own under a fake clock, as the contracts want it. */
export function sqliteSubject(options: SqliteStoreOptions = {}): StoreUnderTest<SqliteStore> & { readonly clock: FakeClock; readonly path: string } {
  const clock = fakeClock();
  const path = freshPath();
  const store = sqliteStore(path, { clock, ...options });
  return {
    store,
    clock,
    path,
    nowMs: () => clock.nowMs(),
    letTimePass: (byMs) => clock.advance(byMs),
    setClockBack(byMs) {
      clock.setWallMs(clock.nowMs() - byMs);
    },
    close() {
      store.close();
    },
  };
}
