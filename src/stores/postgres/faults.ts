import { isPortcullisError, StoreError } from '../../kernel/errors.ts';

/** What may be told of the usual failures. The server's own messages quote values, keys and statements. */
const meanings: Readonly<Record<string, string>> = {
  '25006': 'the server or the role may only read',
  '28000': 'the server refuses the role',
  '28P01': 'the server refuses the password',
  '3D000': 'there is no such database',
  '3F000': 'there is no such schema',
  '40001': 'others kept winning',
  '40P01': 'others kept winning',
  '42501': 'the role lacks a right on the table',
  '42703': 'the table has another shape: see inspect()',
  '42P01': 'there is no such table: run migrate()',
  '53100': 'the disk is full',
  '53300': 'the server has too many connections',
  '55P03': 'somebody else keeps a lock',
  '57014': 'the statement took too long',
};

/** Messages of pg without a code. */
const known = ['timeout exceeded when trying to connect', 'Query read timeout', 'Connection terminated unexpectedly', 'Connection terminated due to connection timeout', 'Cannot use a pool after calling end on the pool'];

/** SQLSTATE or a code of Node; undefined where there is none. */
export function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code) ? code : undefined;
}

/** The ERR_STORE that callers see of whatever went wrong. Without a cause: pg's errors hold the key, the value or the host. */
export function storeErrorOf(cause: unknown): Error {
  if (isPortcullisError(cause)) return cause;
  const code = codeOf(cause);
  const message = cause instanceof Error && known.includes(cause.message) ? cause.message : 'failed';
  return new StoreError(`postgres store: ${(code && meanings[code]) ?? message}${code === undefined ? '' : ` (${code})`}`);
}

/** Serialization failures and deadlocks: the server has undone the whole statement, and it may be sent again. */
export function isUndone(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error) ?? '');
}
