import { expect, it } from 'vitest';
import { lazy, lazyAsync } from '../../src/kernel/lazy.ts';

it('a lazy value is made by its first use, and once', () => {
  let made = 0;
  const value = lazy(() => ({ number: (made += 1) }));
  expect(made).toBe(0);
  expect([value(), value()]).toEqual([{ number: 1 }, { number: 1 }]);
  expect(value()).toBe(value());
});

it('what is loaded by its first use is loaded once, and again after a failure', async () => {
  let tries = 0;
  const value = lazyAsync(async () => {
    tries += 1;
    if (tries === 1) throw new Error('no more files may be opened');
    return tries;
  });
  await expect(Promise.all([value(), value()])).rejects.toThrow('no more files');
  expect(tries).toBe(1);
  expect(await Promise.all([value(), value()])).toEqual([2, 2]);
});
