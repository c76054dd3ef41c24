import type { Names } from './names.ts';

/** How many expired records one statement removes. */
export const purgeBatch = 1_000;

/** One statement for each act. All columns are text, so that no type parser of the app changes them. */
export interface Statements {
  /** keys, now */
  readonly read: string;
  /** key, now, version: removes what has expired. */
  readonly bury: string;
  /** key, now, announcement, value, form, lifeMs */
  readonly create: string;
  /** key, now, announcement, value, form, lifeMs, version */
  readonly replace: string;
  /** key, now, announcement, version */
  readonly remove: string;
  /** key, now: whether there is nothing to remove. */
  readonly absent: string;
  /** keys */
  readonly versions: string;
  /** now */
  readonly purge: string;
  /** table */
  readonly size: string;
}

export function statementsFor({ table, channel }: Names): Statements {
  // Ours where a clock was handed in, else the server's: then it is one for all hosts, however their clocks stand. Types are as the
  // server's own functions and operators have them: others may have put better-fitting ones into a schema of the search_path.
  const now = (at: number): string => `coalesce($${at}::bigint, (extract(epoch FROM statement_timestamp())::numeric * 1000::numeric)::bigint)`;
  const live = `(r.expires_at_ms IS NULL OR r.expires_at_ms > ${now(2)})`;
  const told = (version: string): string => `SELECT ${version} AS version, CASE WHEN $3::text IS NOT NULL THEN pg_notify('${channel}', $3)::text END AS told FROM written`;

  return {
    read: `SELECT r.key, r.version::text AS version, r.value, r.form, CASE WHEN ${live} THEN 'live' ELSE 'gone' END AS state FROM ${table} AS r WHERE r.key = ANY($1::text[])`,
    bury: `DELETE FROM ${table} AS r WHERE r.key = $1 AND r.version = $3::bigint AND NOT ${live}`,
    create: `WITH written AS (
INSERT INTO ${table} AS r (key, value, form, expires_at_ms) VALUES ($1, $4, $5, ${now(2)} + $6::bigint)
ON CONFLICT (key) DO UPDATE SET version = DEFAULT, value = EXCLUDED.value, form = EXCLUDED.form, expires_at_ms = EXCLUDED.expires_at_ms WHERE NOT ${live}
RETURNING r.version) ${told('version::text')}`,
    replace: `WITH written AS (
UPDATE ${table} AS r SET version = DEFAULT, value = $4, form = $5, expires_at_ms = ${now(2)} + $6::bigint
WHERE r.key = $1 AND r.version = $7::bigint AND ${live} RETURNING r.version) ${told('version::text')}`,
    remove: `WITH written AS (DELETE FROM ${table} AS r WHERE r.key = $1 AND r.version = $4::bigint AND ${live} RETURNING r.version) ${told("'0'")}`,
    absent: `SELECT '0' AS version WHERE NOT EXISTS (SELECT FROM ${table} AS r WHERE r.key = $1 AND ${live})`,
    versions: `SELECT key, version::text AS version FROM ${table} WHERE key = ANY($1::text[])`,
    // Who writes a record at the same moment has it locked, and it is passed by.
    purge: `WITH gone AS (SELECT key FROM ${table} WHERE expires_at_ms <= ${now(1)} ORDER BY expires_at_ms LIMIT ${purgeBatch} FOR UPDATE SKIP LOCKED),
removed AS (DELETE FROM ${table} AS r USING gone WHERE r.key = gone.key RETURNING r.key) SELECT count(*)::text AS removed FROM removed`,
    size: 'SELECT greatest(pg_stat_get_live_tuples(to_regclass($1::text)::oid), 0)::text AS records',
  };
}
