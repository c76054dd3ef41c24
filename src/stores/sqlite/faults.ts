import { isPortcullisError, StoreError } from '../../kernel/errors.ts';

/** What node:sqlite adds to an Error: SQLite's own code, and its sentence for it, which names nothing of the app. */
interface SqliteFault {
  readonly errcode?: unknown;
  readonly errstr?: unknown;
}

/** SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: somebody else has what is needed, and it is worth another try. */
const passing = [5, 6, 15];

/** Whether another connection was in the way. Extended codes keep the plain one in their lowest byte. */
export function isBusy(error: unknown): boolean {
  const { errcode } = (error ?? {}) as SqliteFault;
  return typeof errcode === 'number' && passing.includes(errcode & 0xff);
}

/** The ERR_STORE that callers see of whatever went wrong. */
export function storeErrorOf(cause: unknown): Error {
  if (isPortcullisError(cause)) return cause;
  const { errstr } = (cause ?? {}) as SqliteFault;
  return new StoreError(`sqlite store: ${typeof errstr === 'string' ? errstr : 'failed'}`, { cause });
}
