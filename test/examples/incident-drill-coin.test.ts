import { describe, expect, it } from 'vitest';
import { learntBeyondCoin } from '../../examples/incident-drill/classifier/coin.ts';
import { createRandom } from '../../examples/incident-drill/random.ts';

const groups = { registered: 40, unregistered: 30 };

describe('addresses learnt beyond what a coin would give', () => {
  it('are all where every answer is right', () => {
    expect(learntBeyondCoin({ ...groups, foundRegistered: 40, mistakenRegistered: 0 })).toBe(40);
  });

  it('are those found where nobody is called registered wrongly', () => {
    expect(learntBeyondCoin({ ...groups, foundRegistered: 25, mistakenRegistered: 0 })).toBe(25);
  });

  it('are none where all are called registered, or none is', () => {
    expect(learntBeyondCoin({ ...groups, foundRegistered: 40, mistakenRegistered: 30 })).toBe(0);
    expect(learntBeyondCoin({ ...groups, foundRegistered: 0, mistakenRegistered: 0 })).toBe(0);
  });

  it('leave out what luck adds to knowledge', () => {
    // Twenty known, and a fair coin for the other twenty.
    expect(learntBeyondCoin({ ...groups, foundRegistered: 30, mistakenRegistered: 15 })).toBe(0);
    expect(learntBeyondCoin({ registered: 400, unregistered: 300, foundRegistered: 300, mistakenRegistered: 150 })).toBe(200);
  });

  it('are none for a coin, fair or not', () => {
    for (const bias of [10, 50, 90]) {
      const random = createRandom(bias, 'coin');
      const toss = (times: number): number => Array.from({ length: times }, () => random.integer(100) < bias).filter((heads) => heads).length;
      const scores = Array.from({ length: 300 }, () => learntBeyondCoin({ ...groups, foundRegistered: toss(40), mistakenRegistered: toss(30) }));
      expect(scores.filter((score) => score > 0).length).toBeLessThanOrEqual(1);
    }
  });

  it('are none where there is nothing to learn', () => {
    expect(learntBeyondCoin({ registered: 0, foundRegistered: 0, unregistered: 3, mistakenRegistered: 0 })).toBe(0);
    expect(learntBeyondCoin({ registered: 3, foundRegistered: 3, unregistered: 0, mistakenRegistered: 0 })).toBe(0);
  });
});
