import { spawnSync } from 'node:child_process';
import * as nodeCrypto from 'node:crypto';
import { hash as nodeRsHash } from '@node-rs/argon2';
import { argon2id, hash as argon2Hash } from 'argon2';
import { argon2Engine, createHasher, nodeCryptoEngine, nodeRsEngine } from 'portcullis/hasher';
import { createKeyRing } from 'portcullis';
import { describe, expect, it } from 'vitest';
import { hasDebian } from '../support/debian.ts';

const password = 'Grüße aus dem Café, 1815';
/** As it is typed on a keyboard that decomposes. */
const decomposed = password.normalize('NFD');
const engines = [argon2Engine(), nodeRsEngine(), ...('argon2' in nodeCrypto ? [nodeCryptoEngine()] : [])];

/** libargon2 under Debian's python3-argon2: a verifier that shares no code with ours. */
function python(script: string, ...args: readonly string[]): string {
  const preamble = 'import sys\nfrom argon2.low_level import verify_secret, hash_secret, Type\nfrom argon2.exceptions import Argon2Error\n';
  const { stdout, stderr, status, error } = spawnSync('/usr/bin/python3', ['-c', preamble + script, ...args], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(`python3-argon2 did not run (apt-get install -y python3-argon2): ${error?.message ?? stderr.trim().split('\n').at(-1) ?? ''}`);
}

function pythonVerifies(stored: string, given: string): string {
  return python('try:\n  print(verify_secret(sys.argv[1].encode(), sys.argv[2].encode(), Type.ID))\nexcept Argon2Error as error:\n  print(error)', stored, given);
}

/** `m,t,p` as `m,p,t`: what argon2 0.45 writes. */
function otherOrder(stored: string): string {
  return stored.replace(/(m=\d+),(t=\d+),(p=\d+)/, '$1,$3,$2');
}

describe.skipIf(!hasDebian('python3-argon2'))('beside the verifier of another project', () => {
  it.each(engines)('it accepts what is hashed by $name, and nothing else', async (engine) => {
    const stored = await createHasher({ engine }).hash(password);
    expect(pythonVerifies(stored, password)).toBe('True');
    expect(pythonVerifies(stored, `${password}!`)).toBe('The password does not match the supplied hash');
  });

  it('it refuses the other order of the parameters, which is why ours is written by ourselves', async () => {
    const stored = await createHasher().hash(password);
    expect(pythonVerifies(otherOrder(stored), password)).toBe('Decoding failed');
  });

  it.each(engines)('its hashes are verified by $name, in both orders', async (engine) => {
    const hasher = createHasher({ engine });
    const stored = python('print(hash_secret(sys.argv[1].encode(), b"somesalt16bytes!", 2, 19456, 1, 32, Type.ID).decode())', password);
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await hasher.verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: false });
    expect(await hasher.verify({ password: decomposed, stored, name: 'ada' })).toEqual({ ok: true, rehash: false });
    expect(await hasher.verify({ password, stored: otherOrder(stored), name: 'ada' })).toEqual({ ok: true, rehash: true });
    expect(await hasher.verify({ password: `${password}!`, stored, name: 'ada' })).toEqual({ ok: false });
  });

  it('its default parameters, eight lanes and a shorter tag, are read and replaced at the next sign-in', async () => {
    const stored = python('print(hash_secret(sys.argv[1].encode(), b"somesalt16bytes!", 2, 102400, 8, 16, Type.ID).decode())', password);
    expect(await createHasher().verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
  });
});

describe('the engines', () => {
  const input = { password: Buffer.from(password), salt: Buffer.from('somesalt16bytes!'), tagBytes: 32 };
  const parameters = { memoryKiB: 12_288, passes: 3, lanes: 1 };

  it('derive the same bytes, with and without a pepper', async () => {
    const secret = Buffer.alloc(32, 7);
    const plain = await Promise.all(engines.map(async (engine) => Buffer.from(await engine.derive({ ...input, parameters })).toString('hex')));
    const keyed = await Promise.all(engines.map(async (engine) => Buffer.from(await engine.derive({ ...input, parameters, secret })).toString('hex')));
    expect(new Set(plain).size).toBe(1);
    expect(new Set(keyed).size).toBe(1);
    expect(plain[0]).not.toBe(keyed[0]);
  });

  it.each(engines)('agree with a test vector of the reference implementation: $name', async (engine) => {
    // phc-winner-argon2, src/test.c. The vectors of RFC 9106 have associated data, which no password hash has.
    const tag = await engine.derive({ password: Buffer.from('password'), salt: Buffer.from('somesalt'), parameters: { memoryKiB: 65_536, passes: 2, lanes: 1 }, tagBytes: 32 });
    expect(Buffer.from(tag).toString('hex')).toBe('09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7');
  });

  it('verify each other, whichever made the hash', async () => {
    const stored = await Promise.all(engines.map((engine) => createHasher({ engine }).hash(password)));
    for (const engine of engines) {
      for (const each of stored) expect(await createHasher({ engine }).verify({ password, stored: each, name: 'ada' })).toEqual({ ok: true, rehash: false });
    }
  });

  it('agree about the pepper too', async () => {
    const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from(Array.from({ length: 32 }, (_, index) => index)) }] });
    const [first, ...others] = engines.map((engine) => createHasher({ engine, keys, pepper: true }));
    const stored = await first?.hash(password);
    for (const other of others) expect(await other.verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: false });
  });
});

describe('hashes that the packages wrote themselves', () => {
  it('are verified, and rewritten because other verifiers refuse them', async () => {
    const stored = await argon2Hash(password, { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    expect(await createHasher().verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: !stored.includes('m=19456,t=2,p=1') });
  });

  it('are verified in the form that was typed when they were made, and replaced by one of the composed form', async () => {
    const stored = await nodeRsHash(decomposed, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    const hasher = createHasher();
    expect(await hasher.verify({ password: decomposed, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
    expect(await hasher.verify({ password, stored, name: 'ada' })).toEqual({ ok: false });
    expect(await hasher.verify({ password: decomposed, stored: await nodeRsHash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 }), name: 'ada' })).toEqual({ ok: true, rehash: false });
  });
});
