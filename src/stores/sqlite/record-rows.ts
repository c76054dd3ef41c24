import type { Connection } from './connection.ts';
import type { State } from './state.ts';

/** Where a record lies: its kind, which is the part of the key before the first colon, and its key, both as stored. */
export interface RecordPlace {
  readonly kind: string;
  readonly key: string;
}

export interface RecordEnd {
  /** Wall-clock ms, as it was promised; null: none. */
  readonly expiresAt: number | null;
  /** The same in the store's time, as the wall clock stood at the write: setting it back lets nothing live longer. */
  readonly endsAt: number | null;
}

export interface RecordRow extends RecordEnd {
  readonly version: number;
  /** Text, or UTF-16 where the value is none. */
  readonly value: string | Uint8Array;
}

export interface RecordMark extends RecordEnd {
  readonly key: string;
  readonly version: number;
}

/** The tables of records, by one connection. */
export interface RecordRows {
  find(place: RecordPlace): RecordRow | undefined;
  /** The version that is stored, expired or not; 0 for none. */
  version(place: RecordPlace): number;
  add(place: RecordPlace, row: RecordRow): void;
  set(place: RecordPlace, row: RecordRow): void;
  /** Removes a version of a record, if it is there. */
  remove(place: RecordPlace, version: number): void;
  /** How many records of a kind there are; undefined where there never was one. */
  size(kind: string): number | undefined;
  kinds(): number;
  /** The next `count` records of a kind after a key, in the order of keys, from the first again after the last. */
  following(place: RecordPlace, count: number): readonly RecordMark[];
}

export function createRecordRows(connection: Connection): RecordRows {
  const columns = 'version, expires_at AS expiresAt, ends_at AS endsAt';
  const find = connection.prepare(`SELECT ${columns}, value FROM records WHERE kind = ? AND key = ?`);
  const version = connection.prepare('SELECT version FROM records WHERE kind = ? AND key = ?');
  const add = connection.prepare('INSERT INTO records (kind, key, version, expires_at, ends_at, value) VALUES (?, ?, ?, ?, ?, ?)');
  const set = connection.prepare('UPDATE records SET version = ?, expires_at = ?, ends_at = ?, value = ? WHERE kind = ? AND key = ?');
  const remove = connection.prepare('DELETE FROM records WHERE kind = ? AND key = ? AND version = ?');
  const size = connection.prepare('SELECT size FROM kinds WHERE name = ?');
  const kinds = connection.prepare('SELECT count(*) AS n FROM kinds');
  const grow = connection.prepare('INSERT INTO kinds VALUES (?, 1) ON CONFLICT DO UPDATE SET size = size + 1');
  const shrink = connection.prepare('UPDATE kinds SET size = size - 1 WHERE name = ?');
  const forget = connection.prepare('DELETE FROM kinds WHERE name = ? AND size = 0');
  const after = connection.prepare(`SELECT key, ${columns} FROM records WHERE kind = ? AND key > ? ORDER BY key LIMIT ?`);
  const fromFirst = connection.prepare(`SELECT key, ${columns} FROM records WHERE kind = ? AND key <= ? ORDER BY key LIMIT ?`);

  return {
    find: ({ kind, key }) => find.get(kind, key) as unknown as RecordRow | undefined,
    version: ({ kind, key }) => (version.get(kind, key) as { version: number } | undefined)?.version ?? 0,
    add({ kind, key }, row) {
      add.run(kind, key, row.version, row.expiresAt, row.endsAt, row.value);
      grow.run(kind);
    },
    set({ kind, key }, row) {
      set.run(row.version, row.expiresAt, row.endsAt, row.value, kind, key);
    },
    remove({ kind, key }, removed) {
      if (remove.run(kind, key, removed).changes === 0) return;
      shrink.run(kind);
      forget.run(kind);
    },
    size: (kind) => (size.get(kind) as { size: number } | undefined)?.size,
    kinds: () => (kinds.get() as { n: number }).n,
    following({ kind, key }, count) {
      const rows = after.all(kind, key, count) as unknown as RecordMark[];
      if (rows.length < count) rows.push(...(fromFirst.all(kind, key, count - rows.length) as unknown as RecordMark[]));
      return rows;
    },
  };
}

/** The time by which records end. */
export interface Moment {
  readonly wallMs: number;
  readonly storeMs: number;
}

/** Both clocks at once. */
export function momentOf(state: State, wallMs: number): Moment {
  return { wallMs, storeMs: state.nowMs() };
}

export function isGone({ expiresAt, endsAt }: RecordEnd, { wallMs, storeMs }: Moment): boolean {
  return (expiresAt !== null && expiresAt <= wallMs) || (endsAt !== null && endsAt <= storeMs);
}
