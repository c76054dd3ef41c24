import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ConfigError, createKeyRing } from 'portcullis';
import { argon2Engine, createHasher, type HasherOptions } from 'portcullis/hasher';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { heldEngine, quickEngine } from './engines.ts';

const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from(Array.from({ length: 32 }, (_, index) => index)) }] });
const example = `$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxNmJ5dGVzIQ$${'A'.repeat(43)}`;
const refusal = (options: unknown): ConfigError => {
  try {
    createHasher(options as HasherOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('was accepted');
};

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a wrong option', () => {
  // ASVS 11.4.2
  it.each([
    [1, 47_103, 47_104],
    [2, 19_455, 19_456],
    [3, 12_287, 12_288],
    [4, 9_216, 12_288],
    [5, 7_168, 12_288],
  ])('is a cost below the floor: %i passes over %i KiB', (passes, memoryKiB, floor) => {
    expect(refusal({ parameters: { memoryKiB, passes, lanes: 1 } })).toMatchObject({
      code: 'ERR_CONFIG',
      message: `hasher.parameters.memoryKiB: expected at least ${floor} with ${passes} passes (ASVS 5.0 appendix C), got ${memoryKiB}`,
    });
  });

  it.each([
    [{ pepper: true }, 'hasher.keys: expected a key ring, because pepper is true; got nothing'],
    [{ storedMix: [{ share: 1, example }, { share: 1, example }] }, 'hasher.keys: expected a key ring, because storedMix has several kinds; got nothing'],
    [{ storedMix: [{ share: 1, example: '$2b$10$old' }] }, 'hasher.storedMix[0].example: expected a stored hash that this hasher can verify, got one that is no-legacy-verifier'],
    [{ storedMix: [{ share: 1, example: `${example}$` }] }, 'hasher.storedMix[0].example: expected a stored hash that this hasher can verify, got one that is malformed'],
    [{ keys, storedMix: [{ share: 1, example }, { share: 1, example: example.replace('p=1', 'p=1,keyid=azI') }] }, 'hasher.storedMix[1].example: expected a stored hash that this hasher can verify, got one that is unknown-key'],
    [{ storedMix: [{ share: 0, example }] }, 'hasher.storedMix[0].share: expected a number greater than 0, got 0'],
    [{ storedMix: [{ share: Number.NaN, example }] }, 'hasher.storedMix[0].share: expected a number greater than 0, got NaN'],
    [{ storedMix: { share: 1, example } }, 'hasher.storedMix: expected an array, got a value of type object'],
    [{ parameters: { memoryKiB: 19_456, passes: 2, lanes: 4 } }, 'hasher.parameters.lanes: expected a whole number from 1 to 1, got 4'],
    [{ parameters: { memoryKib: 19_456, passes: 2, lanes: 1 } }, 'hasher.parameters.memoryKib: unknown option, did you mean "memoryKiB"?'],
    [{ parameters: { memoryKiB: 1_000_000, passes: 2, lanes: 1 } }, 'hasher.parameters.memoryKiB: expected a whole number from 1 to 262144, got 1000000'],
    [{ parameters: null }, 'hasher.parameters: expected an options object, got null'],
    [{ gate: { maxRuning: 2 } }, 'hasher.gate.maxRuning: unknown option, did you mean "maxRunning"?'],
    [{ gate: { maxRunning: 0 } }, 'hasher.gate.maxRunning: expected a whole number from 1 to 1024, got 0'],
    [{ gate: { maxWaiting: -1 } }, 'hasher.gate.maxWaiting: expected a whole number from 0 to 100000, got -1'],
    [{ gate: { maxWaitMs: '500' } }, 'hasher.gate.maxWaitMs: expected a whole number from 1 to 60000, got a string of 3 characters'],
    [{ engine: {} }, 'hasher.engine: expected an object with derive(), got a value of type object'],
    [{ engine: { derive: () => undefined } }, 'hasher.engine.name: expected a non-empty string, got nothing'],
    [{ legacy: 'bcrypt' }, 'hasher.legacy: expected a function, got a string of 6 characters'],
    [{ peper: true }, 'hasher.peper: unknown option, did you mean "pepper"?'],
    [{ pepper: null }, 'hasher.pepper: expected true or false, got null'],
  ])('is named: %o', (options, message) => {
    expect(refusal(options)).toMatchObject({ code: 'ERR_CONFIG', message });
  });

  it('is a gate that would leave files no thread of the pool', () => {
    vi.stubEnv('UV_THREADPOOL_SIZE', '');
    const message = 'hasher.gate.maxRunning: expected less than the 4 threads that files share (UV_THREADPOOL_SIZE), got 4';
    expect(refusal({ gate: { maxRunning: 4 } })).toMatchObject({ code: 'ERR_CONFIG', message });
    expect(refusal({ engine: argon2Engine(), gate: { maxRunning: 4 } })).toMatchObject({ code: 'ERR_CONFIG', message });
    vi.stubEnv('UV_THREADPOOL_SIZE', '8');
    expect(() => createHasher({ gate: { maxRunning: 7 } })).not.toThrow();
    // An engine with threads of its own takes none from files.
    expect(() => createHasher({ engine: quickEngine(), gate: { maxRunning: 64 } })).not.toThrow();
  });

  it('is told without the value of a secret', () => {
    expect(refusal({ storedMix: [{ share: 1, example: `${example}$` }] }).message).not.toContain('c29tZXNhbHQ');
  });
});

describe('the options', () => {
  it.each([['4', 4], ['2', 2], ['64', 64]])('leave files a thread by default: of a pool of %s', async (size, threads) => {
    vi.stubEnv('UV_THREADPOOL_SIZE', size);
    const engine = heldEngine();
    const hasher = createHasher({ engine });
    for (let index = 0; index < 20; index += 1) void hasher.hash(`p${index}`).catch(() => undefined);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(engine.running()).toBe(Math.min(availableParallelism() + 1, threads - 1));
  });

  it('are read once: what the caller changes later changes nothing', async () => {
    const parameters = { memoryKiB: 19_456, passes: 2, lanes: 1 };
    const hasher = createHasher({ engine: quickEngine(), parameters });
    parameters.memoryKiB = 8;
    expect(await hasher.hash('correct horse')).toContain('$m=19456,t=2,p=1$');
  });
});

describe('the import of the piece', () => {
  it('loads no native code; the first password does, and that of the faster package alone', () => {
    const script = `
      process.report.excludeNetwork = true;
      const native = () => process.report.getReport().sharedObjects.filter((path) => path.includes('argon2')).map((path) => path.includes('@node-rs'));
      const { createHasher } = await import('./src/hasher/index.ts');
      const hasher = createHasher();
      const before = native();
      await hasher.hash('correct horse');
      console.log(JSON.stringify({ before, after: native() }));
    `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: new URL('../../', import.meta.url), encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({ before: [], after: [true] });
  });
});
