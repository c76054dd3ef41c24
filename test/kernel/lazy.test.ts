import { expect, it } from 'vitest';
import { lazy } from '../../src/kernel/lazy.ts';

it('a lazy value is made by its first use, and once', () => {
  let made = 0;
  const value = lazy(() => ({ number: (made += 1) }));
  expect(made).toBe(0);
  expect([value(), value()]).toEqual([{ number: 1 }, { number: 1 }]);
  expect(value()).toBe(value());
});
