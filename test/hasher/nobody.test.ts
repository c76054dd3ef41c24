import { createKeyRing } from 'portcullis';
import { createHasher, type HasherOptions, type LegacyVerifier, type StoredKind } from 'portcullis/hasher';
import { describe, expect, it } from 'vitest';
import { eventRecorder } from '../support/recorder.ts';
import { quickEngine, workOf } from './engines.ts';

const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from(Array.from({ length: 32 }, (_, index) => index)) }] });
const password = 'correct horse battery staple';
const argon2Example = (parameters: string) => `$argon2id$v=19$${parameters}$c29tZXNhbHQxNmJ5dGVzIQ$${'A'.repeat(43)}`;
const bcryptExample = `$2b$12$${'.'.repeat(53)}`;
const mix: readonly StoredKind[] = [
  { share: 60, example: argon2Example('m=19456,t=2,p=1') },
  { share: 30, example: argon2Example('m=65536,t=3,p=4') },
  { share: 10, example: bcryptExample },
];

/** A hasher over a quick engine and verifier, and the work of each question put to it. */
function setup(options: HasherOptions = {}) {
  const engine = quickEngine();
  const asked: { readonly stored: string; readonly password: string }[] = [];
  const legacy: LegacyVerifier = async (question) => {
    asked.push(question);
    return question.password === password;
  };
  const hasher = createHasher({ engine, legacy, ...options });
  async function workFor(question: { readonly password: unknown; readonly stored?: unknown; readonly name?: string }) {
    engine.calls.length = 0;
    asked.length = 0;
    const verdict = await hasher.verify({ stored: undefined, name: 'ada@example.org', ...question } as Parameters<typeof hasher.verify>[0]);
    return { verdict, derivations: engine.calls.map(workOf), legacy: asked.map(({ stored }) => stored) };
  }
  return { hasher, engine, workFor };
}

// ASVS 6.3.8
describe('a password for nobody', () => {
  it('takes the same derivations as one for an account, and is never right', async () => {
    const { hasher, workFor } = setup();
    const stored = await hasher.hash(password);
    const known = await workFor({ password, stored });
    const wrong = await workFor({ password: 'a wrong one, as long as it', stored });
    const unknown = await workFor({ password });
    expect(known.verdict).toEqual({ ok: true, rehash: false });
    expect(unknown.verdict).toEqual({ ok: false });
    expect(unknown.derivations).toEqual(known.derivations);
    expect(unknown.derivations).toEqual([{ memoryKiB: 19_456, passes: 2, lanes: 1, tagBytes: 32, keyed: false, passwordBytes: 28 }]);
    expect(wrong.derivations).toHaveLength(1);
  });

  it.each([
    ['an account without a password', undefined],
    ['an account whose column is null', null],
    ['an account whose column is empty', ''],
    ['a row that holds something else', 42],
    ['a row that was cut off', '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQx'],
    ['a row that asks for 4 TiB', argon2Example('m=4294967295,t=2,p=1')],
    ['a megabyte of row', 'x'.repeat(1_000_000)],
  ])('costs as much as %s', async (_, stored) => {
    const { workFor } = setup();
    const { verdict, derivations } = await workFor({ password, stored });
    expect(verdict).toEqual({ ok: false });
    expect(derivations).toEqual((await workFor({ password })).derivations);
  });

  it('is keyed where new hashes are', async () => {
    const { hasher, workFor } = setup({ keys, pepper: true });
    const known = await workFor({ password, stored: await hasher.hash(password) });
    expect(known.derivations).toEqual([expect.objectContaining({ keyed: true })]);
    expect((await workFor({ password })).derivations).toEqual(known.derivations);
  });

  it.each(mix)('imitates a table of one kind: $example', async ({ example, share }) => {
    const { workFor } = setup({ storedMix: [{ share, example }] });
    const known = await workFor({ password: 'a wrong one', stored: example });
    expect(await workFor({ password: 'a wrong one' })).toEqual(known);
  });

  it('does not open with the password of the example', async () => {
    const { hasher, engine } = setup();
    const example = await hasher.hash(password);
    const imitating = createHasher({ engine, storedMix: [{ share: 1, example }] });
    expect(await imitating.verify({ password, stored: example, name: 'ada' })).toEqual({ ok: true, rehash: false });
    expect(await imitating.verify({ password, stored: undefined, name: 'ada' })).toEqual({ ok: false });
    const { workFor } = setup({ storedMix: [{ share: 1, example: bcryptExample }] });
    expect((await workFor({ password })).verdict).toEqual({ ok: false });
  });
});

describe('a table of several kinds of hashes', () => {
  it('gives every name the same work each time, in every process with the key', async () => {
    const here = setup({ keys, storedMix: mix });
    const there = setup({ keys, storedMix: mix });
    for (const name of Array.from({ length: 50 }, (_, index) => `user${index}@example.org`)) {
      const first = await here.workFor({ password, name });
      expect(await here.workFor({ password, name })).toEqual(first);
      expect(await there.workFor({ password, name })).toEqual(first);
    }
  });

  it('gives names the kinds in the proportions of the table', async () => {
    const { workFor } = setup({ keys, storedMix: mix });
    const seen = { current: 0, older: 0, legacy: 0 };
    for (let index = 0; index < 3_000; index += 1) {
      const { derivations, legacy } = await workFor({ password, name: `user${index}@example.org` });
      if (legacy.length > 0) seen.legacy += 1;
      else if (derivations[0]?.lanes === 4) seen.older += 1;
      else seen.current += 1;
    }
    expect(seen.current / 3_000).toBeCloseTo(0.6, 1);
    expect(seen.older / 3_000).toBeCloseTo(0.3, 1);
    expect(seen.legacy / 3_000).toBeCloseTo(0.1, 1);
  });

  it('chooses by a secret: another key gives other names the slow kind', async () => {
    const other = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index)) }] });
    const kindsUnder = async (ring: typeof keys) => {
      const { workFor } = setup({ keys: ring, storedMix: mix });
      const kinds: string[] = [];
      for (let index = 0; index < 50; index += 1) kinds.push(JSON.stringify(await workFor({ password, name: `user${index}@example.org` })));
      return kinds;
    };
    expect(await kindsUnder(other)).not.toEqual(await kindsUnder(keys));
  });
});

// ASVS 2.2.1, 15.2.2
describe('what can be no password', () => {
  const impossible: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 12_345],
    ['an object with an operator in it', { $ne: '' }],
    ['an array', ['correct horse battery staple']],
    ['an empty text', ''],
    ['a lone surrogate', 'correct horse \ud800 staple'],
    ['more than 1,024 bytes', 'é'.repeat(513)],
    ['ten megabytes', 'x'.repeat(10_000_000)],
  ];

  it.each(impossible)('matches nothing, with the work of any other: %s', async (_, given) => {
    const { hasher, workFor } = setup();
    const stored = await hasher.hash(password);
    const { verdict, derivations } = await workFor({ password: given, stored });
    expect(verdict).toEqual({ ok: false });
    expect(derivations).toEqual([expect.objectContaining({ memoryKiB: 19_456, passes: 2 })]);
    expect(derivations[0]?.passwordBytes).toBeLessThan(64);
    expect(await workFor({ password: given })).toEqual({ verdict, derivations, legacy: [] });
  });

  it.each(impossible)('is never hashed: %s', async (_, given) => {
    const { hasher, engine } = setup();
    await expect(hasher.hash(given as string)).rejects.toThrow(new TypeError('hasher.hash: expected well-formed text of 1 to 1,024 bytes after NFC'));
    expect(engine.calls).toHaveLength(0);
  });

  it('matches nothing even where the stand-in for it is the password', async () => {
    const { hasher, engine, workFor } = setup();
    await workFor({ password: '' });
    const standIn = Buffer.from(engine.calls[0]?.password ?? '').toString();
    expect((await workFor({ password: '', stored: await hasher.hash(standIn) })).verdict).toEqual({ ok: false });
  });

  it('takes 1,024 bytes, measured after composing', async () => {
    const { hasher } = setup();
    const longest = 'é'.repeat(512);
    const stored = await hasher.hash(longest.normalize('NFD'));
    expect(await hasher.verify({ password: longest, stored, name: 'ada' })).toEqual({ ok: true, rehash: false });
  });
});

describe('a row that cannot be verified', () => {
  const events = async (stored: string, options: HasherOptions = {}) => {
    const { emit, events: seen } = eventRecorder();
    await createHasher({ engine: quickEngine(), emit, ...options }).verify({ password, stored, name: 'ada@example.org' });
    return seen;
  };

  it('is reported with its reason', async () => {
    expect(await events('$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQx')).toEqual([{ type: 'hasher.unreadable-hash', reason: 'malformed' }]);
    expect(await events(argon2Example('m=4294967295,t=2,p=1'))).toEqual([{ type: 'hasher.unreadable-hash', reason: 'excessive' }]);
    expect(await events(argon2Example('m=19456,t=2,p=1,keyid=azE'))).toEqual([{ type: 'hasher.unreadable-hash', reason: 'unknown-key' }]);
    expect(await events(bcryptExample)).toEqual([{ type: 'hasher.unreadable-hash', reason: 'no-legacy-verifier' }]);
  });

  it('is reported under the keyed name of its owner where there are keys', async () => {
    const nameTag = keys.digest('identifier', 'ada@example.org');
    expect(await events(bcryptExample, { keys })).toEqual([{ type: 'hasher.unreadable-hash', reason: 'no-legacy-verifier', nameTag }]);
  });
});
