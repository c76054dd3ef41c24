import { ConfigError } from '../../kernel/errors.ts';
import { wrong } from '../../kernel/options.ts';

/** What a statement answered: `QueryResult` of pg, `Results` of PGlite. */
export interface PostgresResult {
  readonly rows: readonly unknown[];
}

/** A connection that is out of the pool. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  on(event: 'notification' | 'error' | 'end', listener: (argument: never) => void): unknown;
  release(destroy?: boolean): void;
  /** So that the connection keeps no process alive. */
  unref?(): unknown;
}

/** What the store needs of a `Pool` of pg, or of another client that is dressed as one. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  /** A connection for LISTEN. Without it the store asks twice a second. */
  connect?(): Promise<PostgresClient>;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** What pg's own pool says of itself; nothing of it is needed. */
interface PoolFacts {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly ending?: unknown;
}

/** Refuses what is no pool. */
export function readPool(given: unknown): PostgresPool {
  const pool = given as PostgresPool | null | undefined;
  if (typeof pool?.query !== 'function') throw wrong('postgresStore.pool', 'a Pool of pg, or an object with query(text, values)', given);
  if ('connectionParameters' in pool) throw new ConfigError('postgresStore.pool: expected a Pool of pg, got a Client: its one connection would be shared with the transactions of the app');
  survive(pool);
  return pool;
}

const surviving = new WeakSet<PostgresPool>();

/**
 * A pool tells of an idle connection that broke, as all of them do when the server restarts, and has removed it already. An
 * 'error' that nobody listens to ends the process.
 */
function survive(pool: PostgresPool): void {
  if (surviving.has(pool)) return;
  surviving.add(pool);
  pool.on?.('error', () => undefined);
}

/** A number among the options of pg's pool; undefined where it is none, or where the pool is another one. */
export function poolNumber(pool: PostgresPool, option: string): number | undefined {
  const value = (pool as PoolFacts).options?.[option];
  return typeof value === 'number' ? value : undefined;
}

/** Whether a pool says how it is set up. */
export function hasOptions(pool: PostgresPool): boolean {
  return typeof (pool as PoolFacts).options === 'object';
}

/** Whether the app is ending the pool, which waits for every connection that is out. */
export function isEnding(pool: PostgresPool): boolean {
  return (pool as PoolFacts).ending === true;
}
