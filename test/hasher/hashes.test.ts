import { createKeyRing, type KeyRing } from 'portcullis';
import { createHasher, hasherDefaults, type HashParameters } from 'portcullis/hasher';
import { describe, expect, it } from 'vitest';
import { eventRecorder } from '../support/recorder.ts';
import { quickEngine } from './engines.ts';

const password = 'correct horse battery staple';
const setup = () => createHasher({ engine: quickEngine() });
const secretOf = (first: number) => Buffer.from(Array.from({ length: 32 }, (_, index) => (first + index) % 256));

// ASVS 11.4.2
describe('a new hash', () => {
  it('is an argon2id string of the default cost, parameters in the standard order, 16 bytes of salt, 32 of tag', async () => {
    const stored = await setup().hash(password);
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(hasherDefaults.parameters).toEqual({ memoryKiB: 19_456, passes: 2, lanes: 1 });
  });

  it('has a salt of its own', async () => {
    const hasher = setup();
    expect(await hasher.hash(password)).not.toBe(await hasher.hash(password));
  });

  it.each([
    [{ memoryKiB: 47_104, passes: 1, lanes: 1 }],
    [{ memoryKiB: 19_456, passes: 2, lanes: 1 }],
    [{ memoryKiB: 12_288, passes: 3, lanes: 1 }],
    [{ memoryKiB: 12_288, passes: 8, lanes: 1 }],
  ])('may cost %o', async (parameters: HashParameters) => {
    const stored = await createHasher({ engine: quickEngine(), parameters }).hash(password);
    expect(stored).toContain(`$m=${parameters.memoryKiB},t=${parameters.passes},p=1$`);
  });
});

// ASVS 6.2.8
describe('the whole password counts', () => {
  const hundred = 'x'.repeat(99);
  it.each([
    ['the last of a hundred characters', `${hundred}a`, `${hundred}b`],
    ['what follows a NUL', 'before\0after, quite a while', 'before\0other, quite a while'],
    ['a NUL itself', 'before\0', 'before'],
    ['case', 'Correct horse battery staple', password],
    ['white space at the end', `${password} `, password],
    ['white space at the beginning', ` ${password}`, password],
    ['full width letters', 'ｃorrect horse battery staple', password],
  ])('%s', async (_, set, given) => {
    const hasher = setup();
    const stored = await hasher.hash(set);
    expect(await hasher.verify({ password: set, stored, name: 'ada' })).toEqual({ ok: true, rehash: false });
    expect(await hasher.verify({ password: given, stored, name: 'ada' })).toEqual({ ok: false });
  });
});

// SP 800-63B-4 section 3.1.1.2
describe('one password typed on two keyboards', () => {
  it('is the same, composed or decomposed, in both directions', async () => {
    const hasher = setup();
    for (const [set, given] of [['caf\u00e9 au lait', 'cafe\u0301 au lait'], ['cafe\u0301 au lait', 'caf\u00e9 au lait']] as const) {
      expect(await hasher.verify({ password: given, stored: await hasher.hash(set), name: 'ada' })).toEqual({ ok: true, rehash: false });
    }
  });

  it('is not folded further: a ligature is not its letters', async () => {
    const hasher = setup();
    const stored = await hasher.hash('fi sh and chips');
    expect(await hasher.verify({ password: '\ufb01 sh and chips', stored, name: 'ada' })).toEqual({ ok: false });
  });

  it('takes as many derivations whether it is right or wrong', async () => {
    const engine = quickEngine();
    const hasher = createHasher({ engine });
    const stored = await hasher.hash('caf\u00e9 au lait');
    const count = async (given: string, row: string | undefined) => {
      engine.calls.length = 0;
      await hasher.verify({ password: given, stored: row, name: 'ada' });
      return engine.calls.length;
    };
    expect(await count('cafe\u0301 au lait', stored)).toBe(2);
    expect(await count('cafe\u0301 or lait', stored)).toBe(2);
    expect(await count('cafe\u0301 au lait', undefined)).toBe(2);
  });
});

// ASVS 11.2.2
describe('a hash that is out of date', () => {
  it('is verified, and its owner asked for a new one, only when the password was right', async () => {
    const engine = quickEngine();
    const older = createHasher({ engine, parameters: { memoryKiB: 12_288, passes: 3, lanes: 1 } });
    const stored = await older.hash(password);
    const hasher = createHasher({ engine });
    expect(await hasher.verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
    expect(await hasher.verify({ password: 'a wrong one', stored, name: 'ada' })).toEqual({ ok: false });
    expect(await hasher.verify({ password, stored: await hasher.hash(password), name: 'ada' })).toEqual({ ok: true, rehash: false });
  });

  it('is one whose parameters stand in another order', async () => {
    const hasher = setup();
    const stored = (await hasher.hash(password)).replace('t=2,p=1', 'p=1,t=2');
    expect(await hasher.verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
  });
});

// ASVS 11.2.2, 13.3.1
describe('the pepper', () => {
  const old = { id: '2025', secret: secretOf(1) };
  const fresh = { id: '2026_b-1', secret: secretOf(101) };
  const engine = quickEngine();
  const peppered = (keys: KeyRing | undefined, pepper = true) => createHasher({ engine, ...(keys && { keys }), pepper });

  it('names its key in the stored string, as the format has it, and never shows it', async () => {
    const stored = await peppered(createKeyRing({ keys: [old] })).hash(password);
    expect(stored).toContain(`$m=19456,t=2,p=1,keyid=${Buffer.from('2025').toString('base64').replaceAll('=', '')}$`);
    expect(stored).not.toContain(old.secret.toString('base64').slice(0, 20));
  });

  it('is part of the hash: the same password under another key of the same name does not match', async () => {
    const stored = await peppered(createKeyRing({ keys: [old] })).hash(password);
    expect(await peppered(createKeyRing({ keys: [old] })).verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: false });
    const impostor = createKeyRing({ keys: [{ id: '2025', secret: fresh.secret }] });
    expect(await peppered(impostor).verify({ password, stored, name: 'ada' })).toEqual({ ok: false });
  });

  it('is rotated: hashes under the older key are verified and replaced', async () => {
    const stored = await peppered(createKeyRing({ keys: [old] })).hash(password);
    const rotated = peppered(createKeyRing({ keys: [fresh, old] }));
    expect(await rotated.verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
    expect(await rotated.verify({ password, stored: await rotated.hash(password), name: 'ada' })).toEqual({ ok: true, rehash: false });
  });

  it('never becomes no pepper: a hash whose key is gone matches nothing, and is reported', async () => {
    const stored = await peppered(createKeyRing({ keys: [old] })).hash(password);
    for (const keys of [createKeyRing({ keys: [fresh] }), undefined]) {
      const recorder = eventRecorder();
      const hasher = createHasher({ engine, emit: recorder.emit, ...(keys && { keys, pepper: true }) });
      expect(await hasher.verify({ password, stored, name: 'ada' })).toEqual({ ok: false });
      expect(recorder.types()).toEqual(['hasher.unreadable-hash']);
    }
  });

  it('cannot be taken off a stored hash', async () => {
    const hasher = peppered(createKeyRing({ keys: [old] }));
    const stored = (await hasher.hash(password)).replace(/,keyid=\w+/, '');
    expect(await hasher.verify({ password, stored, name: 'ada' })).toEqual({ ok: false });
  });

  it('is added to hashes that have none when their owners sign in', async () => {
    const stored = await setup().hash(password);
    expect(await createHasher({ engine: quickEngine(), keys: createKeyRing({ keys: [old] }), pepper: true }).verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
  });
});
