import { argon2id, hash } from 'argon2';
import { afterEach, describe, expect, it, vi } from 'vitest';

const stored = hash('correct horse', { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 });

/** The piece, imported anew on a machine where these packages cannot be loaded. */
async function pieceWithout(...names: readonly string[]) {
  vi.resetModules();
  for (const name of names) {
    vi.doMock(name, () => {
      throw new Error(`Cannot find package '${name}'`);
    });
  }
  return import('portcullis/hasher');
}

afterEach(() => {
  for (const name of ['argon2', '@node-rs/argon2', 'node:crypto']) vi.doUnmock(name);
  vi.resetModules();
});

describe('the default engine', () => {
  it('is argon2 where the faster package is not installed, from the first password on', async () => {
    const { createHasher } = await pieceWithout('@node-rs/argon2');
    const hasher = createHasher();
    const question = { password: 'correct horse', stored: await stored, name: 'ada' };
    expect(await hasher.verify(question)).toMatchObject({ ok: true });
    expect(await hasher.verify({ ...question, password: 'a wrong one' })).toEqual({ ok: false });
  });

  it('is named with what to do where neither can be loaded', async () => {
    const { createHasher } = await pieceWithout('@node-rs/argon2', 'argon2');
    const hasher = createHasher();
    const error = { code: 'ERR_CONFIG', message: 'hasher.engine: argon2 cannot be loaded; install it or hand in another engine' };
    await expect(hasher.hash('correct horse')).rejects.toMatchObject(error);
    await expect(hasher.verify({ password: 'correct horse', stored: undefined, name: 'ada' })).rejects.toMatchObject(error);
  });

  it('does not hide a fault of the faster package behind the slower one', async () => {
    vi.resetModules();
    vi.doMock('@node-rs/argon2', () => ({ hashRaw: () => Promise.reject(new Error('out of memory')) }));
    const { createHasher } = await import('portcullis/hasher');
    await expect(createHasher().hash('correct horse')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'hasher.engine: the derivation failed' });
  });
});

describe('the engine of node:crypto', () => {
  it('says so on a Node that does not have it', async () => {
    vi.resetModules();
    vi.doMock('node:crypto', async (original) => ({ ...(await original<typeof import('node:crypto')>()), argon2: undefined }));
    const { createHasher, nodeCryptoEngine } = await import('portcullis/hasher');
    await expect(createHasher({ engine: nodeCryptoEngine() }).hash('correct horse')).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: 'hasher.engine: expected Node 24 or newer for node:crypto; hand in another engine',
    });
  });
});
