import { describe, expect, it } from 'vitest';
import { thisMachine } from '../../bench/machine.ts';
import { figure, resultsMarkdown, rowsJson, textTable, type Machine } from '../../bench/render.ts';
import type { Bench, BenchRow } from '../../bench/row.ts';
import { runBenches } from '../../bench/run.ts';

const machine: Machine = {
  cpu: 'A processor',
  cores: 2,
  memoryGiB: 8,
  system: 'Linux 6.1',
  node: '24.21.0',
  date: '2026-11-25',
  versions: [{ name: 'express', version: '5.3.0' }],
};

const row: BenchRow = {
  id: 'limiter-one',
  subject: 'one rule | 10k keys',
  peer: 'a Map',
  value: 1_234_567.8,
  unit: '/s',
  ratioToPeer: 1.2345,
  goal: '>= 1x',
  met: 'not shown',
  spread: { of: 'ratio', low: 0.91234, high: 1.5, rounds: 15 },
};

function benchOf(rows: readonly BenchRow[], declared = rows.map(({ id }) => id)): Bench {
  return { id: 'limiter', title: 'The limiter', method: 'Both sides count.', rows: declared, run: async () => rows };
}

const silent = { onStart: () => undefined, onEnd: () => undefined };

describe('RESULTS.md', () => {
  it('holds the machine, the versions, the day and every row with its spread', async () => {
    const text = resultsMarkdown(await runBenches([benchOf([row])], silent), machine);
    expect(text).toContain('- Machine: A processor, 2 cores, 8 GiB of memory, Linux 6.1');
    expect(text).toContain('- Node 24.21.0, 2026-11-25');
    expect(text).toContain('- With express 5.3.0');
    expect(text).toContain('## The limiter\n\nBoth sides count.\n\n');
    expect(text).toContain('| limiter-one | one rule \\| 10k keys | 1,234,568 /s | a Map | 1.23x | >= 1x | not shown | 0.912 to 1.5x, 15 rounds |');
  });

  it('says which bench did not finish, and why, in one line', async () => {
    const broken: Bench = { id: 'b', title: 'Broken', rows: ['b-1'], run: () => Promise.reject(new Error('no such server')) };
    const text = resultsMarkdown(await runBenches([broken], silent), machine);
    expect(text).toContain('**Did not finish:** Error: no such server\n');
    expect(text).not.toContain('    at ');
  });

  it('makes a missed goal stand out', () => {
    expect(resultsMarkdown([{ bench: benchOf([]), rows: [{ ...row, met: false }], failure: undefined }], machine)).toContain('| **no** |');
  });
});

describe('the versions that RESULTS.md names', () => {
  it('are those of the installed packages', () => {
    expect(thisMachine().versions).toContainEqual({ name: 'express-rate-limit', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string });
  });
});

describe('running the benches', () => {
  it('goes on after one that throws', async () => {
    const broken: Bench = { id: 'b', title: 'Broken', rows: [], run: () => Promise.reject(new Error('no such server')) };
    const outcomes = await runBenches([broken, benchOf([row])], silent);
    expect(outcomes.map(({ failure }) => failure === undefined)).toEqual([false, true]);
  });

  it('counts a row that was promised and is missing as a failure, and one that nobody declared too', async () => {
    const [missing] = await runBenches([benchOf([], ['limiter-one'])], silent);
    const [strange] = await runBenches([benchOf([row], [])], silent);
    const [twice] = await runBenches([benchOf([row, row], ['limiter-one'])], silent);
    expect(twice?.failure).toBe('rows not declared or twice: limiter-one');
    expect(missing?.failure).toBe('missing rows: limiter-one');
    expect(strange?.failure).toBe('rows not declared or twice: limiter-one');
  });

  it('refuses two benches or rows of one id before anything runs', async () => {
    await expect(runBenches([benchOf([row]), { ...benchOf([row]), id: 'other' }], silent)).rejects.toThrow(new TypeError('bench: the id "limiter-one" is taken twice'));
  });
});

describe('the table on the terminal', () => {
  it('puts the columns in line', () => {
    const [head = '', line = ''] = textTable([row]).split('\n');
    expect(line.indexOf('one rule')).toBe(head.indexOf('measured'));
    expect(line.indexOf('not shown')).toBe(head.indexOf('met'));
  });
});

describe('the JSON', () => {
  it('is a list of rows with exactly the eight named fields', () => {
    const [parsed] = JSON.parse(rowsJson([row])) as readonly object[];
    expect(Object.keys(parsed ?? {})).toEqual(['id', 'subject', 'peer', 'value', 'unit', 'ratioToPeer', 'goal', 'met']);
    expect(parsed).toMatchObject({ id: 'limiter-one', value: 1_234_567.8, met: 'not shown' });
  });
});

describe('a figure', () => {
  it.each([
    [0, '0'],
    [0.012345, '0.0123'],
    [7.996, '8'],
    [99.94, '99.9'],
    [99.97, '100'],
    [123.4, '123'],
    [45_678.9, '45,679'],
    [Number.NaN, 'NaN'],
  ])('%d is shown as %s', (value, shown) => {
    expect(figure(value)).toBe(shown);
  });
});
