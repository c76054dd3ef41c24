import { describe, expect, it } from 'vitest';
import { costOf, interleave, randomBelow, shuffled } from '../../bench/rounds.ts';

async function turnsOf(seed: number): Promise<readonly string[]> {
  const turns: string[] = [];
  const turn = (name: string) => () => turns.push(name);
  await interleave({ a: turn('a'), b: turn('b'), c: turn('c') }, { rounds: 20, warmUps: 0, seed });
  return turns;
}

describe('interleaved rounds', () => {
  it('give everybody one turn in each round', async () => {
    const turns = await turnsOf(1);
    expect(turns).toHaveLength(60);
    for (let at = 0; at < 60; at += 3) expect(turns.slice(at, at + 3).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('change the order from round to round, and repeat it for the same seed', async () => {
    const turns = await turnsOf(1);
    const orders = new Set(Array.from({ length: 20 }, (_, round) => turns.slice(round * 3, round * 3 + 3).join('')));
    expect(orders.size).toBeGreaterThanOrEqual(5);
    expect(await turnsOf(1)).toEqual(turns);
    expect(await turnsOf(2)).not.toEqual(turns);
  });

  it('throw the warm-ups away and keep the answers in the order of the rounds', async () => {
    let asked = 0;
    const measured = await interleave({ only: async () => (asked += 1) }, { rounds: 3, warmUps: 2 });
    expect(measured).toEqual({ only: [3, 4, 5] });
  });

  it('end with the first contender that fails', async () => {
    const failing = interleave({ only: () => Promise.reject(new Error('no server')) }, { rounds: 3 });
    await expect(failing).rejects.toThrow('no server');
  });
});

describe('the shuffle', () => {
  it('puts every item in every place about equally often', () => {
    const below = randomBelow(7);
    const first = Array.from({ length: 3_000 }, () => shuffled(['a', 'b', 'c'], below)[0]);
    for (const name of ['a', 'b', 'c']) {
      const times = first.filter((item) => item === name).length;
      expect(times).toBeGreaterThan(900);
      expect(times).toBeLessThan(1_100);
    }
  });
});

describe('the cost of a piece of work', () => {
  it('counts the CPU it burnt and the time it took', async () => {
    const { cpuUs, wallMs } = await costOf(async () => {
      const startMs = performance.now();
      let sum = 0;
      while (performance.now() - startMs < 50) sum += 1;
      return sum;
    });
    expect(wallMs).toBeGreaterThanOrEqual(50);
    expect(cpuUs).toBeGreaterThan(1_000);
  });
});
