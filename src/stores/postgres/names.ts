import { wrong, type OptionReader } from '../../kernel/options.ts';

/** Lower case, so that what people type in psql means the same; short enough for the names that are made from it. */
const identifier = /^[a-z_][a-z0-9_]{0,47}$/;

export interface TableOptions {
  /** Default `portcullis_records`. Lower-case letters, digits and `_`, at most 48. */
  readonly table?: string;
  /** The schema that it is in. Default: the first of the role's `search_path`. */
  readonly schema?: string;
}

export const defaultTable = 'portcullis_records';

export function name(fallback?: string): OptionReader<string | undefined> {
  return (given, option) => {
    const value = given === undefined ? fallback : given;
    if (value !== undefined && (typeof value !== 'string' || !identifier.test(value))) throw wrong(option, 'a name of lower-case letters, digits and _, at most 48 characters', given);
    return value;
  };
}

/** The names in the database, quoted: they were looked at above, and may still be words of SQL. */
export interface Names {
  readonly table: string;
  readonly index: string;
  /** Where writes are announced. */
  readonly channel: string;
}

export function namesOf({ table = defaultTable, schema }: { readonly table: string | undefined; readonly schema: string | undefined }): Names {
  return { table: schema === undefined ? `"${table}"` : `"${schema}"."${table}"`, index: `"${table}_expiry"`, channel: table };
}
