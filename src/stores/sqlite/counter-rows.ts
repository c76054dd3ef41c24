import type { Connection } from './connection.ts';

/** How many rows a newcomer looks at. */
export const candidates = 8;

export interface CounterRow {
  readonly key: string;
  /** Store time at which the key has its whole burst again. */
  readonly fullAt: number;
}

export interface RuleRow {
  readonly size: number;
  /** The same for the keys that share what is left while all rows are taken. */
  readonly overflowFullAt: number;
}

/** The tables of counters, by one connection. `rule` is a rule's number. */
export interface CounterRows {
  /** The number of a rule's name; undefined where no key of it was ever charged. */
  ruleOf(name: string): number | undefined;
  /** The same, and gives it one. Not to be called in a transaction. */
  makeRule(name: string): number;
  rule(rule: number): RuleRow;
  fullAt(rule: number, key: string): number | undefined;
  /** The next rows after a key, in the order of keys, from the first again after the last. */
  following(rule: number, key: string): readonly CounterRow[];
  add(rule: number, row: CounterRow): void;
  set(rule: number, row: CounterRow): void;
  /** Gives back at most what brings the key to `nowMs`. */
  giveBack(rule: number, key: string, refund: { readonly ms: number; readonly nowMs: number }): void;
  remove(rule: number, key: string): boolean;
  resize(rule: number, by: number): void;
  setOverflow(rule: number, fullAt: number): void;
}

export function createCounterRows(connection: Connection): CounterRows {
  const numberOf = connection.prepare('SELECT id FROM rules WHERE name = ?');
  const newRule = connection.prepare('INSERT INTO rules (name, size, overflow_full_at) VALUES (?, 0, 0) ON CONFLICT DO NOTHING');
  const rule = connection.prepare('SELECT size, overflow_full_at AS overflowFullAt FROM rules WHERE id = ?');
  const find = connection.prepare('SELECT full_at AS fullAt FROM counters WHERE rule = ? AND key = ?');
  const after = connection.prepare(`SELECT key, full_at AS fullAt FROM counters WHERE rule = ? AND key > ? ORDER BY key LIMIT ${candidates}`);
  const fromFirst = connection.prepare('SELECT key, full_at AS fullAt FROM counters WHERE rule = ? AND key <= ? ORDER BY key LIMIT ?');
  const add = connection.prepare('INSERT INTO counters VALUES (?, ?, ?)');
  const set = connection.prepare('UPDATE counters SET full_at = ? WHERE rule = ? AND key = ?');
  const giveBack = connection.prepare('UPDATE counters SET full_at = max(full_at - ?, ?) WHERE rule = ? AND key = ?');
  const remove = connection.prepare('DELETE FROM counters WHERE rule = ? AND key = ?');
  const resize = connection.prepare('UPDATE rules SET size = size + ? WHERE id = ?');
  const setOverflow = connection.prepare('UPDATE rules SET overflow_full_at = ? WHERE id = ?');
  // Numbers of rules never change.
  const numbers = new Map<string, number>();

  function ruleOf(name: string): number | undefined {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const number = (numberOf.get(name) as { id: number } | undefined)?.id;
    if (number !== undefined) numbers.set(name, number);
    return number;
  }

  return {
    ruleOf,
    makeRule(name) {
      const known = ruleOf(name);
      if (known !== undefined) return known;
      newRule.run(name);
      return ruleOf(name) as number;
    },
    rule: (number) => rule.get(number) as unknown as RuleRow,
    fullAt: (number, key) => (find.get(number, key) as { fullAt: number } | undefined)?.fullAt,
    following(number, key) {
      const rows = after.all(number, key) as unknown as CounterRow[];
      if (rows.length < candidates) rows.push(...(fromFirst.all(number, key, candidates - rows.length) as unknown as CounterRow[]));
      return rows;
    },
    add: (number, row) => void add.run(number, row.key, row.fullAt),
    set: (number, row) => void set.run(row.fullAt, number, row.key),
    giveBack: (number, key, { ms, nowMs }) => void giveBack.run(ms, nowMs, number, key),
    remove: (number, key) => remove.run(number, key).changes === 1,
    resize: (number, by) => void resize.run(by, number),
    setOverflow: (number, fullAt) => void setOverflow.run(fullAt, number),
  };
}
