import { describe, expect, it } from 'vitest';
import { parseBenchArgs } from '../../bench/options.ts';
import type { Bench } from '../../bench/row.ts';

const known: readonly Bench[] = [
  { id: 'limiter', title: 'The limiter', rows: ['limiter-one', 'limiter-two'], run: async () => [] },
  { id: 'hasher', title: 'The hasher', rows: ['hasher-goodput'], run: async () => [] },
];
const [limiter] = known;

describe('the options of the benches', () => {
  it('run everything and write RESULTS.md where nothing is asked for', () => {
    expect(parseBenchArgs([], known)).toEqual({ run: { json: undefined, benches: known, row: undefined, writesResults: true } });
  });

  it('write the rows to the file that --json names', () => {
    expect(parseBenchArgs(['--json', 'out.json'], known)).toMatchObject({ run: { json: 'out.json', writesResults: true } });
  });

  it('run one bench by --only, and then leave RESULTS.md alone', () => {
    expect(parseBenchArgs(['--only', 'limiter'], known)).toEqual({ run: { json: undefined, benches: [limiter], row: undefined, writesResults: false } });
  });

  it('run the bench of a row by --only, and show that row', () => {
    expect(parseBenchArgs(['--only', 'limiter-two'], known)).toMatchObject({ run: { benches: [limiter], row: 'limiter-two', writesResults: false } });
  });

  it('name every known id for one that is unknown', () => {
    const parsed = parseBenchArgs(['--only', 'limitr'], known);
    expect(parsed).toEqual({
      wrong: '--only: there is no bench and no row "limitr". Known:\n  limiter: The limiter\n    limiter-one\n    limiter-two\n  hasher: The hasher\n    hasher-goodput',
    });
  });

  it.each([[['--jsn', 'x']], [['--only']], [['--json']], [['limiter']]])('answer %j with what is wrong and the help', (args) => {
    expect(parseBenchArgs(args, known)).toMatchObject({ wrong: expect.stringContaining('npm run bench [-- options]') as string });
  });

  it('refuse an empty file name', () => {
    expect(parseBenchArgs(['--json', ''], known)).toEqual({ wrong: '--json: expected the name of a file' });
  });

  it('say in --help what --only does to RESULTS.md, and list the ids', () => {
    const parsed = parseBenchArgs(['--help'], known);
    expect(parsed).toMatchObject({ help: expect.stringContaining('RESULTS.md and README.md stay as') as string });
    expect(parsed).toMatchObject({ help: expect.stringContaining('    limiter-two') as string });
  });
});
