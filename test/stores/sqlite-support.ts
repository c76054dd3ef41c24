import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished, vi } from 'vitest';
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

/** The connections of the stores that are opened from now on, in order, so that a test can take something away from them. */
export function spiedConnections(): readonly DatabaseSync[] {
  const connections: DatabaseSync[] = [];
  class Spied extends DatabaseSync {
    constructor(...given: ConstructorParameters<typeof DatabaseSync>) {
      super(...given);
      connections.push(this);
    }
  }
  const spy = vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ DatabaseSync: Spied });
  onTestFinished(() => {
    spy.mockRestore();
  });
  return connections;
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
