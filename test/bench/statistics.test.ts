import { describe, expect, it } from 'vitest';
import { added, goalText, judge, median, paired, quantile, rowOf, spreadOf } from '../../bench/measure.ts';

const tenToTwenty = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

describe('the middle and the spread of the rounds', () => {
  it.each([
    [[5], 5],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('has %j in the middle at %d', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it('runs from the 10th to the 90th percentile, so that one wild round does not count', () => {
    expect(spreadOf(tenToTwenty)).toEqual({ low: 11, median: 15, high: 19, rounds: 11 });
    expect(spreadOf([...tenToTwenty.slice(0, -1), 9_000]).high).toBe(19);
  });

  it('leaves the order of the rounds alone', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses to say anything of no rounds', () => {
    expect(() => quantile([], 0.5)).toThrow(new RangeError('quantile: expected at least one value'));
  });

  it('pairs the two sides round by round', () => {
    expect(paired([2, 9], [1, 3])).toEqual([2, 3]);
    expect(added([30, 25], [20, 24])).toEqual([10, 1]);
    expect(() => paired([1, 2], [1])).toThrow(new RangeError('expected as many rounds on both sides, got 2 and 1'));
  });
});

describe('the verdict on a goal', () => {
  it.each([
    [{ atLeast: 11 }, true],
    [{ atLeast: 11.5 }, 'not shown'],
    [{ atLeast: 15 }, 'not shown'],
    [{ atLeast: 19 }, 'not shown'],
    [{ atLeast: 19.5 }, false],
    [{ atMost: 19 }, true],
    [{ atMost: 18.5 }, 'not shown'],
    [{ atMost: 15 }, 'not shown'],
    [{ atMost: 11 }, 'not shown'],
    [{ atMost: 10.5 }, false],
  ] as const)('of %j, for rounds from 10 to 20, is %s', (goal, verdict) => {
    expect(judge(goal, tenToTwenty)).toBe(verdict);
  });

  it('compares a count that was taken once', () => {
    expect(judge({ atMost: 0 }, [0])).toBe(true);
    expect(judge({ atMost: 0 }, [1])).toBe(false);
  });

  it('is "not shown" where a round measured nothing', () => {
    expect(judge({ atMost: 8 }, [1, Number.NaN, 2])).toBe('not shown');
    expect(judge({ atLeast: 3 }, [Number.NaN])).toBe('not shown');
  });

  it('names the goal as the table shows it', () => {
    expect(goalText({ atLeast: 3, of: 'ratio' }, '/s')).toBe('>= 3x');
    expect(goalText({ atMost: 15, of: 'value' }, 'ms')).toBe('<= 15 ms');
  });
});

describe('a row', () => {
  it('holds the median, the ratio paired by round, and the verdict on that ratio', () => {
    const row = rowOf({
      id: 'a',
      subject: 'decisions',
      unit: '/s',
      values: [300, 30, 60],
      peer: { name: 'the other', values: [100, 10, 10] },
      goal: { atLeast: 3, of: 'ratio' },
    });
    expect(row).toMatchObject({ value: 60, peer: 'the other', ratioToPeer: 3, goal: '>= 3x', met: true, spread: { of: 'ratio', low: 3, rounds: 3 } });
  });

  it('is judged by its own value where the goal says so, though it has a peer', () => {
    const row = rowOf({ id: 'a', subject: 's', unit: 'us', values: [9, 9], peer: { name: 'p', values: [100, 100] }, goal: { atMost: 8, of: 'value' } });
    expect(row).toMatchObject({ goal: '<= 8 us', met: false, ratioToPeer: 0.09, spread: { of: 'value', low: 9, high: 9 } });
  });

  it('only informs where it has no goal', () => {
    expect(rowOf({ id: 'a', subject: 's', unit: 'MB', values: [4] })).toMatchObject({ peer: null, ratioToPeer: null, goal: null, met: null });
  });

  it('cannot have a goal for a ratio to nothing', () => {
    expect(() => rowOf({ id: 'a', subject: 's', unit: '/s', values: [1], goal: { atLeast: 2, of: 'ratio' } })).toThrow(new TypeError('a: a goal for the ratio needs a peer'));
  });
});
