import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import bcrypt from 'bcryptjs';
import { createHasher, type LegacyVerifier } from 'portcullis/hasher';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { eventRecorder } from '../support/recorder.ts';
import { heldEngine, quickEngine } from './engines.ts';

const password = 'correct horse battery staple';
const salt = Buffer.from('somesalt16bytes!');

/** What an app with a past hands in: it knows its own old forms. */
const verifiers: LegacyVerifier = async ({ password: given, stored }) => {
  if (stored.startsWith('$2')) return bcrypt.compare(given, stored);
  const [kind, expected = ''] = stored.split(':');
  const derived = kind === 'scrypt' ? await promisify(scrypt)(given, salt, 32) : await promisify(pbkdf2)(given, salt, 1_000, 32, 'sha256');
  return timingSafeEqual(derived as Buffer, Buffer.from(expected, 'hex'));
};

async function legacyHash(kind: string, given: string): Promise<string> {
  if (kind === 'bcrypt') return bcrypt.hash(given, 4);
  const derived = kind === 'scrypt' ? await promisify(scrypt)(given, salt, 32) : await promisify(pbkdf2)(given, salt, 1_000, 32, 'sha256');
  return `${kind}:${(derived as Buffer).toString('hex')}`;
}

describe('a hash of the time before', () => {
  it.each(['bcrypt', 'scrypt', 'pbkdf2'])('is verified by the app, and its owner asked for a new one: %s', async (kind) => {
    const hasher = createHasher({ engine: quickEngine(), legacy: verifiers });
    const stored = await legacyHash(kind, password);
    expect(await hasher.verify({ password, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
    expect(await hasher.verify({ password: `${password}!`, stored, name: 'ada' })).toEqual({ ok: false });
  });

  it('matches nothing where the app handed in no verifier', async () => {
    const stored = await legacyHash('bcrypt', password);
    expect(await createHasher({ engine: quickEngine() }).verify({ password, stored, name: 'ada' })).toEqual({ ok: false });
  });

  it('is tried with the bytes that were typed, then with their composed form', async () => {
    const hasher = createHasher({ engine: quickEngine(), legacy: verifiers });
    const composed = 'caf\u00e9 au lait';
    const decomposed = composed.normalize('NFD');
    for (const [made, typed] of [[decomposed, decomposed], [composed, decomposed], [composed, composed]] as const) {
      expect(await hasher.verify({ password: typed, stored: await legacyHash('bcrypt', made), name: 'ada' })).toEqual({ ok: true, rehash: true });
    }
    expect(await hasher.verify({ password: composed, stored: await legacyHash('bcrypt', decomposed), name: 'ada' })).toEqual({ ok: false });
  });

  // ASVS 6.2.8
  it('made by bcrypt knows 72 bytes of a password; from the next hash on all of them count', async () => {
    const hasher = createHasher({ engine: quickEngine(), legacy: verifiers });
    const long = 'x'.repeat(99);
    const stored = await legacyHash('bcrypt', `${long}a`);
    expect(await hasher.verify({ password: `${long}b`, stored, name: 'ada' })).toEqual({ ok: true, rehash: true });
    const fresh = await hasher.hash(`${long}a`);
    expect(await hasher.verify({ password: `${long}b`, stored: fresh, name: 'ada' })).toEqual({ ok: false });
  });
});

// ASVS 6.3.8
describe('an old hash is not known by its quick answer', () => {
  it('has one derivation of a new hash behind it, also when it matched at once', async () => {
    const engine = heldEngine();
    const clock = fakeClock();
    const hasher = createHasher({ engine, clock, legacy: () => Promise.resolve(true) });
    const ended: unknown[] = [];
    void hasher.verify({ password, stored: '$2b$10$old', name: 'ada' }).then((verdict) => ended.push(verdict));
    await clock.advance(0);
    expect(ended).toEqual([]);
    expect(engine.running()).toBe(1);
    engine.finish();
    await clock.advance(0);
    expect(ended).toEqual([{ ok: true, rehash: true }]);
  });

  it('costs the same whether the password is right, wrong or no password', async () => {
    const engine = quickEngine();
    const asked: string[] = [];
    const legacy: LegacyVerifier = async (question) => {
      asked.push(question.stored);
      return question.password === password;
    };
    const hasher = createHasher({ engine, legacy });
    for (const given of [password, 'a wrong one', '', 'x'.repeat(5_000)]) await hasher.verify({ password: given, stored: '$2b$10$old', name: 'ada' });
    expect(asked).toHaveLength(4);
    expect(engine.calls.map(({ parameters }) => parameters)).toEqual(Array.from({ length: 4 }, () => ({ memoryKiB: 19_456, passes: 2, lanes: 1 })));
  });

  it('is asked about both forms of a password, also where the first one matched', async () => {
    const asked: string[] = [];
    const legacy: LegacyVerifier = async (question) => {
      asked.push(question.password);
      return true;
    };
    const typed = 'cafe\u0301 au lait';
    await createHasher({ engine: quickEngine(), legacy }).verify({ password: typed, stored: '$2b$10$old', name: 'ada' });
    expect(asked).toEqual([typed, 'caf\u00e9 au lait']);
  });

  it('runs in the gate, so that old hashes cannot flood the machine either', async () => {
    let running = 0;
    let most = 0;
    const legacy: LegacyVerifier = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      running -= 1;
      return true;
    };
    const hasher = createHasher({ engine: quickEngine(), legacy, gate: { maxRunning: 2, maxWaiting: 100, maxWaitMs: 10_000 } });
    await Promise.all(Array.from({ length: 50 }, () => hasher.verify({ password, stored: '$2b$10$old', name: 'ada' })));
    expect(most).toBe(2);
  });
});

describe('a legacy verifier that fails', () => {
  const failing: readonly (readonly [string, LegacyVerifier])[] = [
    ['rejects', () => Promise.reject(new RangeError('bad cost'))],
    ['throws', () => {
      throw new RangeError('bad cost');
    }],
  ];

  it.each(failing)('means no, with an event that holds no message, when it %s', async (_, legacy) => {
    const engine = quickEngine();
    const { emit, events } = eventRecorder();
    const hasher = createHasher({ engine, emit, legacy });
    expect(await hasher.verify({ password, stored: '$2b$10$old', name: 'ada' })).toEqual({ ok: false });
    expect(events).toEqual([{ type: 'hasher.legacy-failed', error: 'RangeError' }]);
    expect(engine.calls).toHaveLength(1);
  });

  it.each([['1'], [1], [{}], [undefined]])('means no when it answers %o instead of true', async (answer) => {
    const legacy = (() => Promise.resolve(answer)) as unknown as LegacyVerifier;
    expect(await createHasher({ engine: quickEngine(), legacy }).verify({ password, stored: '$2b$10$old', name: 'ada' })).toEqual({ ok: false });
  });

  it('means no when it does not answer in five seconds, and gives its place back', async () => {
    const clock = fakeClock();
    const recorder = eventRecorder();
    const legacy: LegacyVerifier = () => new Promise(() => undefined);
    const hasher = createHasher({ engine: quickEngine(), clock, emit: recorder.emit, legacy, gate: { maxRunning: 1, maxWaiting: 0 } });
    const hanging = hasher.verify({ password, stored: '$2b$10$old', name: 'ada' });
    await clock.advance(5_000);
    expect(await hanging).toEqual({ ok: false });
    expect(recorder.types()).toEqual(['hasher.legacy-failed']);
    expect(await hasher.hash(password)).toMatch(/^\$argon2id/);
  });
});
