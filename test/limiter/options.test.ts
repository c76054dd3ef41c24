import { describe, expect, it } from 'vitest';
import { createLimiter, limiterDefaults, type LimiterOptions } from 'portcullis/limiter';
import { memoryStore } from '../../src/stores/memory/index.ts';

const store = memoryStore();
const rules = { address: { limit: 10, windowMs: 60_000 } };

/** What a wrong option is answered with. */
function complaint(given: unknown): string {
  try {
    createLimiter(given as LimiterOptions<string>);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG' });
    return (error as Error).message;
  }
  return 'accepted';
}

describe('the options of a limiter', () => {
  it.each<readonly [unknown, string]>([
    [undefined, 'limiter.name: expected a non-empty string, got nothing'],
    [null, 'limiter: expected an options object, got null'],
    [[], 'limiter: expected an options object, got an array of 0'],
    [{ store, rules }, 'limiter.name: expected a non-empty string, got nothing'],
    [{ name: 'a/b', store, rules }, 'limiter.name: expected 1 to 64 letters, digits, ".", "-" or "_"'],
    [{ name: 'l', store }, 'limiter.rules: expected an object of rules by name, got nothing'],
    [{ name: 'l', store, rules: [] }, 'limiter.rules: expected an object of rules by name, got an array of 0'],
    [{ name: 'l', store, rules: {} }, 'limiter.rules: expected 1 to 8 rules, got 0'],
    [{ name: 'l', store, rules: Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`r${index}`, rules.address])) }, 'limiter.rules: expected 1 to 8 rules, got 9'],
    [{ name: 'l', store, rules: { 'a"b': rules.address } }, 'limiter.rules: expected names of up to 32 letters, digits, "-" and "_" that begin with a small letter'],
    [{ name: 'l', store, rules: JSON.parse('{"__proto__":{"limit":1,"windowMs":100}}') as unknown }, 'limiter.rules: expected names of up to 32 letters, digits, "-" and "_" that begin with a small letter'],
    [{ name: 'l', store, rules: { address: { limit: 10, windowMS: 60_000 } } }, 'limiter.rules.address.windowMS: unknown option, did you mean "windowMs"?'],
    [{ name: 'l', store, rules: { address: { limit: '10', windowMs: 60_000 } } }, 'limiter.rules.address.limit: expected a whole number from 1 to 1000000, got a string of 2 characters'],
    [{ name: 'l', store, rules: { address: { limit: 0, windowMs: 60_000 } } }, 'limiter.rules.address.limit: expected a whole number from 1 to 1000000, got 0'],
    [{ name: 'l', store, rules: { address: { limit: 10, windowMs: 99 } } }, 'limiter.rules.address.windowMs: expected a whole number from 100 to 34560000000, got 99'],
    [{ name: 'l', store, rules: { address: { limit: 10, windowMs: 34_560_000_001 } } }, 'limiter.rules.address.windowMs: expected a whole number from 100 to 34560000000, got 34560000001'],
    [{ name: 'l', store, rules: { address: { limit: 10, windowMs: 60_000, burst: null } } }, 'limiter.rules.address.burst: expected a whole number from 1 to 1000000, got null'],
    [{ name: 'l', store, rules: { address: { limit: 10_001, windowMs: 100 } } }, 'limiter.rules.address: expected at most 100 units per ms, got 10001 in 100 ms'],
    [{ name: 'l', store: {}, rules }, 'limiter.store: expected an object with take(), giveBack(), peek(), clear(), got a value of type object'],
    [{ name: 'l', store, rules, mode: 'enforced' }, 'limiter.mode: expected "observe" | "enforce", got a string of 8 characters'],
    [{ name: 'l', store, rules, mode: null }, 'limiter.mode: expected "observe" | "enforce", got null'],
    [{ name: 'l', store, rules, storeDeadlineMs: 0 }, 'limiter.storeDeadlineMs: expected a whole number from 1 to 10000, got 0'],
    [{ name: 'l', store, rules, storeDeadline: 10 }, 'limiter.storeDeadline: unknown option, did you mean "storeDeadlineMs"?'],
    [{ name: 'l', store, rules, emit: 'console' }, 'limiter.emit: expected a function, got a string of 7 characters'],
  ])('are refused by name: %#', (given, message) => {
    expect(complaint(given)).toBe(message);
  });

  it('may be undefined where they have a default', () => {
    expect(complaint({ name: 'l', store, rules, mode: undefined, headers: undefined, storeDeadlineMs: undefined, clock: undefined, emit: undefined })).toBe('accepted');
    expect(limiterDefaults).toEqual({ mode: 'enforce', headers: 'none', storeDeadlineMs: 50 });
  });

  it('go from 100 ms to 400 days', () => {
    expect(complaint({ name: 'l', store, rules: { short: { limit: 1, windowMs: 100 }, long: { limit: 1_000_000, windowMs: 34_560_000_000 } } })).toBe('accepted');
  });

  it('are read once: what the caller changes later changes nothing, and nothing of the caller is changed', async () => {
    const given = { name: 'copied', store, mode: 'enforce' as 'enforce' | 'observe', rules: { address: { limit: 1, windowMs: 60_000 } } };
    const before = structuredClone({ ...given, store: undefined });
    const limiter = createLimiter(given);
    expect({ ...given, store: undefined }).toEqual(before);
    given.mode = 'observe';
    given.rules.address.limit = 100;
    await limiter.take({ address: 'a' });
    expect((await limiter.take({ address: 'a' })).ok).toBe(false);
  });
});
