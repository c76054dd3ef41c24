import { describe, expect, it } from 'vitest';
import { createSessionEpochs, epochsDefaults, type EpochsOptions } from 'portcullis/epochs';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { accountId } from './setup.ts';

const records = memoryStore();

/** What a wrong option is answered with. */
function complaint(given: unknown): string {
  try {
    createSessionEpochs(given as EpochsOptions);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG' });
    return (error as Error).message;
  }
  return 'accepted';
}

describe('the options of epochs', () => {
  it.each<readonly [unknown, string]>([
    [undefined, 'epochs.records: expected an object with read(), compareAndSet(), watch(), got nothing'],
    [null, 'epochs: expected an options object, got null'],
    [{ records: {} }, 'epochs.records: expected an object with read(), compareAndSet(), watch(), got a value of type object'],
    [{ records, maxStaleMs: -1 }, 'epochs.maxStaleMs: expected a whole number from 0 to 60000, got -1'],
    [{ records, maxStaleMs: 60_001 }, 'epochs.maxStaleMs: expected a whole number from 0 to 60000, got 60001'],
    [{ records, maxStaleMs: '1000' }, 'epochs.maxStaleMs: expected a whole number from 0 to 60000, got a string of 4 characters'],
    [{ records, maxStale: 5 }, 'epochs.maxStale: unknown option, did you mean "maxStaleMs"?'],
    [{ records, maxCached: 0 }, 'epochs.maxCached: expected a whole number from 1 to 1000000, got 0'],
    [{ records, adoptUnmarkedUntil: '2030-01-01' }, 'epochs.adoptUnmarkedUntil: expected a Date, got a string of 10 characters'],
    [{ records, adoptUnmarkedUntil: 1_893_456_000_000 }, 'epochs.adoptUnmarkedUntil: expected a Date, got 1893456000000'],
    [{ records, adoptUnmarkedUntil: new Date('soon') }, 'epochs.adoptUnmarkedUntil: expected a Date, got a value of type object'],
    [{ records, emit: 'log' }, 'epochs.emit: expected a function, got a string of 3 characters'],
    [{ records, random: {} }, 'epochs.random: expected a function, got a value of type object'],
    [{ records, clock: Date }, 'epochs.clock: expected an object with nowMs(), monotonicMs(), after(), got a value of type function'],
  ])('are refused by name: %#', (given, message) => {
    expect(complaint(given)).toBe(message);
  });

  it('may be undefined where they have a default', async () => {
    expect(epochsDefaults).toEqual({ maxStaleMs: 1_000, maxCached: 10_000 });
    expect(Object.isFrozen(epochsDefaults)).toBe(true);
    const given = { records, maxStaleMs: undefined, maxCached: undefined, adoptUnmarkedUntil: undefined, clock: undefined, random: undefined, emit: undefined } as unknown as EpochsOptions;
    const epochs = createSessionEpochs(given);
    expect(await epochs.check({ accountId, mark: await epochs.mark({ accountId }) })).toEqual({ live: true });
  });

  it('are read once: a Date that is changed later changes nothing', async () => {
    const adoptUnmarkedUntil = new Date(0);
    const epochs = createSessionEpochs({ records, adoptUnmarkedUntil });
    adoptUnmarkedUntil.setFullYear(3_000);
    expect(await epochs.check({ accountId, mark: undefined })).toEqual({ live: false, reason: 'unmarked' });
  });
});
