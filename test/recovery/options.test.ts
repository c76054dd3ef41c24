import { describe, expect, it } from 'vitest';
import { createRecoveryCodes, recoveryDefaults, type RecoveryOptions } from 'portcullis/recovery';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { accountId } from './setup.ts';

const records = memoryStore();

/** What a wrong option is answered with. */
function complaint(given: unknown): string {
  try {
    createRecoveryCodes(given as RecoveryOptions);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG' });
    return (error as Error).message;
  }
  return 'accepted';
}

describe('the options of recovery codes', () => {
  it.each<readonly [unknown, string]>([
    [undefined, 'recovery.records: expected an object with read(), compareAndSet(), watch(), got nothing'],
    [null, 'recovery: expected an options object, got null'],
    [{ records: {} }, 'recovery.records: expected an object with read(), compareAndSet(), watch(), got a value of type object'],
    [{ records, count: 3 }, 'recovery.count: expected a whole number from 4 to 20, got 3'],
    [{ records, count: 21 }, 'recovery.count: expected a whole number from 4 to 20, got 21'],
    [{ records, count: '10' }, 'recovery.count: expected a whole number from 4 to 20, got a string of 2 characters'],
    [{ records, count: null }, 'recovery.count: expected a whole number from 4 to 20, got null'],
    [{ records, counts: 10 }, 'recovery.counts: unknown option, did you mean "count"?'],
    [{ records, random: 'dice' }, 'recovery.random: expected a function, got a string of 4 characters'],
    [{ records, clock: Date }, 'recovery.clock: expected an object with nowMs(), monotonicMs(), after(), got a value of type function'],
    // ASVS 6.5.4: there is no option that makes a code shorter.
    [{ records, bits: 64 }, 'recovery.bits: unknown option; known: records, count, clock, random'],
  ])('are refused by name: %#', (given, message) => {
    expect(complaint(given)).toBe(message);
  });

  it('may be undefined where they have a default', async () => {
    expect(recoveryDefaults).toEqual({ count: 10 });
    expect(Object.isFrozen(recoveryDefaults)).toBe(true);
    const given = { records, count: undefined, clock: undefined, random: undefined } as unknown as RecoveryOptions;
    expect(await createRecoveryCodes(given).issue(accountId)).toHaveLength(10);
  });

  it.each([4, 20])('may ask for %i codes', async (count) => {
    expect(await createRecoveryCodes({ records, count }).issue(accountId)).toHaveLength(count);
  });
});
