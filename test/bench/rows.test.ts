import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goalMismatches, goals } from '../../bench/goals.ts';
import { distinct, loadBenches } from '../../bench/load.ts';
import { measuredTable, withMeasured } from '../../bench/readme-table.ts';
import type { BenchRow } from '../../bench/row.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const benches = await loadBenches();
const rowIds = benches.flatMap(({ rows }) => rows);

const rows: readonly BenchRow[] = goals.map(({ id, goal }) => ({ id, subject: id, peer: 'a peer', value: 12_345, unit: 'ms', ratioToPeer: 2, goal, met: true }));

describe('the benches', () => {
  it('can all be loaded', () => {
    expect(benches.filter(({ title }) => title.includes('could not be loaded'))).toEqual([]);
    expect(benches.map(({ id }) => id)).toEqual(['breach', 'express', 'fastify', 'flood', 'hasher', 'import', 'limiter', 'login-guard', 'password', 'read-only', 'records', 'redis', 'sqlite', 'totp']);
  });

  it('name every row once', () => {
    expect(new Set(rowIds).size).toBe(rowIds.length);
    expect(() => distinct([...benches, { id: 'other', title: '', rows: ['import-esm'], run: async () => [] }])).toThrow(new TypeError('bench: the id "import-esm" is taken twice'));
  });

  it('say how they measure', () => {
    expect(benches.filter(({ method }) => method === undefined).map(({ id }) => id)).toEqual([]);
  });

  it('become benches that fail, and not a harness that does, where a file cannot be loaded', async () => {
    const [bench] = await loadBenches(new URL('broken-rows/', import.meta.url));
    expect(bench).toMatchObject({ id: 'empty', title: 'empty (could not be loaded)', rows: [] });
    await expect(bench?.run()).rejects.toThrow('expected an export "bench" with the ids of its rows');
  });
});

describe('the goals', () => {
  it('each have a row', () => {
    expect(goals.filter(({ id }) => !rowIds.includes(id)).map(({ id }) => id)).toEqual([]);
  });

  it('each have a line in the table of the README', () => {
    for (const { what, goal } of goals) {
      expect(readme.split('\n').filter((line) => line.startsWith(`| ${what} | `) && line.includes(` | ${goal} | `))).toHaveLength(1);
    }
  });

  it('are the goals of the rows, word for word', () => {
    expect(goalMismatches(rows)).toEqual([]);
    const [first, second, ...others] = rows as [BenchRow, BenchRow, ...BenchRow[]];
    expect(goalMismatches([{ ...first, goal: '>= 0.5x' }, { ...second, goal: null }, ...others.slice(1), { ...first, id: 'new' }])).toEqual([
      'limiter-one-rule-vs-erl: expected the goal ">= 1x", got ">= 0.5x"',
      'limiter-one-rule-vs-rlf: expected the goal ">= 3x", got no goal',
      'limiter-two-rules-vs-erl: expected the goal ">= 1.2x", got no such row',
      'new: its goal ">= 1x" is not in bench/goals.ts',
    ]);
  });
});

describe('the table of the README', () => {
  it('is replaced as a whole, and nothing else of the README', () => {
    const once = withMeasured(readme, rows, goals);
    expect(once).toContain(measuredTable(rows, goals));
    expect(withMeasured(once, rows, goals)).toBe(once);
    expect(once.split('## Measured')[0]).toBe(readme.split('## Measured')[0]);
    expect(once.split('<!-- /measured -->')[1]).toBe(readme.split('<!-- /measured -->')[1]);
  });

  it('shows what was measured, the peer, the ratio, the goal and the verdict', () => {
    expect(measuredTable(rows, goals).split('\n')[2]).toBe('| Limiter in memory, one rule, beside express-rate-limit | 12,345 ms | a peer | 2x | >= 1x | yes |');
  });

  it('says so where a goal was not measured', () => {
    expect(measuredTable([], goals.slice(0, 1)).split('\n')[2]).toBe('| Limiter in memory, one rule, beside express-rate-limit | not measured yet |  |  | >= 1x |  |');
  });

  it('is not written anywhere where its place is gone', () => {
    expect(() => withMeasured('# nothing', rows, goals)).toThrow(/^README\.md: expected <!-- measured/);
  });
});
