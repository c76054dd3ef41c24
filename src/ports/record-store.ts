/** A small value and the version to name when replacing it. Versions grow with every write of a key. */
export interface StoredRecord {
  readonly value: string;
  readonly version: number;
}

/** What a record is to become, if it still has the version that the writer saw. */
export interface RecordChange {
  readonly key: string;
  /** The version read before; 0 when the key must not exist. */
  readonly expectedVersion: number;
  /** The new value; null removes the record. */
  readonly value: string | null;
  /** Wall-clock ms since 1970 from which the record no longer exists. Absent: it stays. */
  readonly expiresAtMs?: number;
}

/**
 * Records that must not be lost: tokens, switches, epochs. A rejection means that the store is broken or full, and the
 * caller must refuse what it was about to allow.
 */
export interface RecordStore {
  /** Whether a record outlives the process. */
  readonly durable: boolean;
  read(key: string): Promise<StoredRecord | undefined>;
  /** Replaces the record and answers true, or leaves it and answers false because its version is another one. */
  compareAndSet(change: RecordChange): Promise<boolean>;
  /** Calls `changed` after each write of `key`, also by others, at least once a second. Returns what ends it. */
  watch(key: string, changed: () => void): () => void;
}
