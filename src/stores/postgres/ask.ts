import { StoreError } from '../../kernel/errors.ts';
import { isUndone, storeErrorOf } from './faults.ts';
import type { PostgresResult } from './pool.ts';

/** Columns are text, whatever type parsers the app has given its driver. */
export type Row = Readonly<Record<string, string | null>>;

/** Sends one statement and answers its rows. Rejects with ERR_STORE. */
export type Ask = (sql: string, values?: readonly (string | null | readonly string[])[]) => Promise<readonly Row[]>;

/** How often a statement is sent again that the server has undone because of others. */
const maxTries = 8;

export function createAsk(query: (text: string, values?: unknown[]) => Promise<PostgresResult>): Ask {
  return async function ask(sql, values) {
    for (let triesLeft = maxTries - 1; ; triesLeft -= 1) {
      try {
        return rowsOf(await query(sql, values && [...values]));
      } catch (error) {
        if (triesLeft === 0 || !isUndone(error)) throw storeErrorOf(error);
      }
    }
  };
}

/** A pool that answers something else is a broken store: a guard must not take it for a yes. */
function rowsOf(result: unknown): readonly Row[] {
  const rows = (result as { readonly rows?: unknown } | null | undefined)?.rows;
  if (!Array.isArray(rows) || !rows.every(isRow)) throw new StoreError('postgres store: expected rows of text');
  return rows;
}

function isRow(row: unknown): row is Row {
  return typeof row === 'object' && row !== null && Object.values(row).every((column) => column === null || typeof column === 'string');
}

/** A column that must be there. */
export function textIn(row: Row | undefined, column: string): string {
  const value = row !== undefined && Object.hasOwn(row, column) ? row[column] : undefined;
  if (typeof value !== 'string') throw new StoreError('postgres store: an answer lacks a column');
  return value;
}

/** A whole number from 0 up to what JavaScript counts to. */
export function numberIn(row: Row | undefined, column: string): number {
  const digits = textIn(row, column);
  const number = Number(digits);
  if (!/^\d{1,16}$/.test(digits) || !Number.isSafeInteger(number)) throw new StoreError('postgres store: expected a whole number');
  return number;
}
