import { describe, expect, it } from 'vitest';
import { marchThrough } from '../resets/march.ts';

// ASVS 5.0 7.4.5
describe('a forced reset of a whole app', () => {
  it('goes through a million accounts in flat memory', async () => {
    const { retained, end } = await marchThrough(1_000_000);
    expect(end).toMatchObject({ seen: 1_000_000, marked: 1_000_000, done: true });
    expect(retained).toHaveLength(9);
    expect(Math.max(...retained) - Math.min(...retained)).toBeLessThan(5_000_000);
  });
});
