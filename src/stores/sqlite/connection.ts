import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** One connection to the file. Everything that it does throws what SQLite says. */
export interface Connection {
  prepare(sql: string): StatementSync;
  /**
   * Runs `work` alone: no other connection writes meanwhile. What it wrote stays if it returns and `keep` says so (default:
   * always), and none of it otherwise.
   */
  transaction<T>(work: () => T, keep?: (result: T) => boolean): T;
  close(): void;
}

export function createConnection(db: DatabaseSync): Connection {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');

  return {
    prepare: (sql) => db.prepare(sql),
    transaction(work, keep = () => true) {
      begin.run();
      try {
        const result = work();
        (keep(result) ? commit : rollback).run();
        return result;
      } catch (error) {
        undo(rollback);
        throw error;
      }
    },
    close() {
      db.close();
    },
  };
}

/** Some faults have ended the transaction already. */
function undo(rollback: StatementSync): void {
  try {
    rollback.run();
  } catch {
    // The first error says more.
  }
}
