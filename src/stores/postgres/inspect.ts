import type { StoreFinding, StoreInspection } from '../../ports/store-inspection.ts';
import { textIn, type Ask, type Row } from './ask.ts';
import type { Names } from './names.ts';
import { hasOptions, poolNumber, type PostgresPool } from './pool.ts';
import { faultsOf, readShape, type Shape } from './schema.ts';
import type { Statements } from './statements.ts';

export interface InspectOptions {
  readonly pool: PostgresPool;
  readonly ask: Ask;
  readonly statements: Statements;
  readonly names: Names;
  readonly maxRecords: number;
}

const serverSql = `SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS readable,
  pg_is_in_recovery()::text AS standby, current_setting('transaction_read_only') AS read_only,
  current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_pages, current_setting('synchronous_commit') AS synchronous,
  current_setting('statement_timeout') AS statement_timeout, current_setting('server_encoding') AS encoding,
  coalesce((SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()), 'unknown') AS encrypted,
  coalesce(host(inet_client_addr()), '') AS client`;

/** Looks at the server, the table and the pool. Never rejects: a server that cannot be reached is a finding. */
export async function inspect({ pool, ask, statements, names, maxRecords }: InspectOptions): Promise<StoreInspection> {
  try {
    const [server] = await ask(serverSql);
    const shape = await readShape(ask, names);
    const records = shape.columns === undefined ? 0 : Number(textIn((await ask(statements.size, [names.table]))[0], 'records'));
    const losses = lossesOf(server, shape);
    return {
      durable: losses.length === 0,
      findings: [...losses, ...ofServer(server), ...ofTable(shape), ofSize(records, maxRecords), ...ofPool(pool, textIn(server, 'statement_timeout'))],
    };
  } catch (error) {
    return { durable: undefined, findings: [{ level: 'bad', check: 'server', detail: `The server gives no answer: ${(error as Error).message}.` }] };
  }
}

const bad = (check: string, detail: string): StoreFinding => ({ level: 'bad', check, detail });
const warn = (check: string, detail: string): StoreFinding => ({ level: 'warn', check, detail });
const ok = (check: string, detail: string): StoreFinding => ({ level: 'ok', check, detail });

/** What would take answered writes back. */
function lossesOf(server: Row | undefined, { persistence }: Shape): readonly StoreFinding[] {
  const found: StoreFinding[] = [];
  if (textIn(server, 'fsync') === 'off') found.push(bad('durability', 'fsync is off: a power failure may break the whole database.'));
  if (textIn(server, 'synchronous') === 'off') found.push(bad('durability', 'synchronous_commit is off: a crash takes the last answered writes back, and what was spent by them can be spent again. Set it to on for the role of the app.'));
  if (textIn(server, 'full_pages') === 'off') found.push(bad('durability', 'full_page_writes is off: a power failure may break a page of the table.'));
  if (persistence === 'unlogged') found.push(bad('durability', 'The table is unlogged: a crash empties it. ALTER TABLE ... SET LOGGED.'));
  if (persistence === 'temporary') found.push(bad('durability', 'The table is a temporary one: it ends with its connection.'));
  return found;
}

function ofServer(server: Row | undefined): readonly StoreFinding[] {
  const found: StoreFinding[] = [];
  if (Number(textIn(server, 'version')) < 120_000) found.push(warn('server', `PostgreSQL ${textIn(server, 'readable')} is older than 12, the oldest that the statements are meant for.`));
  else found.push(ok('server', `PostgreSQL ${textIn(server, 'readable')}.`));
  if (textIn(server, 'standby') === 'true') found.push(bad('server', 'This server is a standby: it takes no writes, and what it reads is late. Connect to the primary.'));
  else if (textIn(server, 'read_only') === 'on') found.push(bad('server', 'Transactions are read-only here (default_transaction_read_only).'));
  if (textIn(server, 'encoding') !== 'UTF8') found.push(warn('server', `The database's encoding is ${textIn(server, 'encoding')}: text that it does not have is refused. Use UTF8.`));
  const client = textIn(server, 'client');
  if (textIn(server, 'encrypted') === 'false' && !/^$|^127\.|^::1$/.test(client)) found.push(warn('encryption', 'The connection is not encrypted. Set ssl in the pool.'));
  return found;
}

function ofTable(shape: Shape): readonly StoreFinding[] {
  if (shape.columns === undefined) return [bad('schema', 'There is no such table. Run migrate(), or postgresSchema() by hand.')];
  const faults = faultsOf(shape);
  return [
    faults.length > 0 ? bad('schema', `The table has other columns than migrate() makes: ${faults.join(', ')}.`) : ok('schema', 'The table is there.'),
    ...(shape.isIndexed ? [] : [warn('schema', 'The index on expires_at_ms is missing: expired records are found by reading the whole table. Run migrate().')]),
    shape.hasRights ? ok('permissions', 'The role may read and write the table.') : bad('permissions', 'The role lacks SELECT, INSERT, UPDATE or DELETE on the table.'),
  ];
}

function ofSize(records: number, maxRecords: number): StoreFinding {
  const detail = `About ${records} records of at most ${maxRecords}`;
  if (records >= maxRecords) return bad('size', `${detail}: new ones are refused. Raise maxRecords.`);
  return records > 0.8 * maxRecords ? warn('size', `${detail}: soon new ones are refused. Raise maxRecords.`) : ok('size', `${detail}.`);
}

function ofPool(pool: PostgresPool, statementTimeout: string): readonly StoreFinding[] {
  if (!hasOptions(pool)) return [];
  const isSet = (option: string): boolean => (poolNumber(pool, option) ?? 0) > 0;
  const found: StoreFinding[] = [];
  if (poolNumber(pool, 'max') === 1) found.push(warn('pool', 'The pool has one connection: none is left to listen, and changes by others are seen by asking twice a second.'));
  if (!isSet('connectionTimeoutMillis')) found.push(warn('pool', 'connectionTimeoutMillis is not set: while all connections are taken, calls wait without end.'));
  if (!isSet('query_timeout') && !isSet('statement_timeout') && statementTimeout === '0') found.push(warn('pool', 'Neither query_timeout nor statement_timeout is set: a statement that hangs keeps its connection.'));
  return found;
}
