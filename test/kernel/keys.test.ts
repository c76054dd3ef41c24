import { randomBytes } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyRing, type KeyPurpose, type KeyRingOptions } from 'portcullis';

const purposes: readonly KeyPurpose[] = ['identifier', 'address', 'account', 'decoy', 'pepper', 'token', 'code', 'breach-cache', 'factor', 'device', 'audit'];
const secretOf = (start: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, index) => (start + index * 7) & 255);
const [older, newer] = [{ id: '2025', secret: secretOf(1) }, { id: '2026', secret: secretOf(99) }];
const ring = createKeyRing({ keys: [newer, older] });
const oldRing = createKeyRing({ keys: [older] });

const refusal = (reason: string) => ({ ok: false, reason });

function complaint(given: unknown): string {
  try {
    createKeyRing(given as KeyRingOptions);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG' });
    return (error as Error).message;
  }
  return 'accepted';
}

describe('the key ring', () => {
  it('opens what it sealed, for the same purpose and binding', () => {
    fc.assert(
      fc.property(fc.constantFrom(...purposes), fc.uint8Array({ maxLength: 200 }), fc.string(), (purpose, plaintext, boundTo) => {
        expect(ring.open(purpose, ring.seal(purpose, plaintext, boundTo), boundTo)).toEqual({ ok: true, plaintext: Buffer.from(plaintext) });
      }),
    );
  });

  it('seals text as UTF-8, and its output carries version, key id and nothing that can be read', () => {
    const sealed = ring.seal('address', '203.0.113.7 \u00e9', 'event');
    expect(sealed).toMatch(/^v1\.2026\.[\w-]+$/);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('203.0.113.7');
    expect(ring.open('address', sealed, 'event')).toEqual({ ok: true, plaintext: Buffer.from('203.0.113.7 \u00e9') });
  });

  // ASVS 11.2.2
  it('opens after a rotation what the older key made, and makes everything new with the newest', () => {
    expect(ring.newestId).toBe('2026');
    expect(ring.open('token', oldRing.seal('token', 'old', 'a'), 'a')).toEqual({ ok: true, plaintext: Buffer.from('old') });
    expect(ring.seal('token', 'new', 'a')).toMatch(/^v1\.2026\./);
    expect(ring.digests('identifier', 'ann')).toEqual([ring.digest('identifier', 'ann'), oldRing.digest('identifier', 'ann')]);
    expect(ring.oldestDigest('identifier', 'ann')).toBe(oldRing.digest('identifier', 'ann'));
    expect(ring.digest('identifier', 'ann')).not.toBe(oldRing.digest('identifier', 'ann'));
  });

  it('fails closed for an unknown key id', () => {
    expect(oldRing.open('token', ring.seal('token', 'new', 'a'), 'a')).toEqual(refusal('unknown-key'));
    expect(oldRing.derive('pepper', '2026')).toBeUndefined();
    for (const id of ['__proto__', 'constructor', '2027']) {
      expect(ring.open('token', `v1.${id}.${'A'.repeat(60)}`, 'a')).toEqual(refusal('unknown-key'));
      expect(ring.derive('pepper', id)).toBeUndefined();
    }
  });

  it('fails closed for the id of another key that is on the ring', () => {
    expect(ring.open('token', ring.seal('token', 'new', 'a').replace('2026', '2025'), 'a')).toEqual(refusal('tampered'));
  });

  it('has a key of its own for each purpose: none opens, names or derives what is another\'s', () => {
    for (const one of purposes) {
      const sealed = ring.seal(one, 'secret', 'a');
      for (const other of purposes) expect(ring.open(other, sealed, 'a').ok).toBe(one === other);
    }
    expect(new Set(purposes.map((purpose) => ring.digest(purpose, 'ann'))).size).toBe(purposes.length);
    expect(new Set(purposes.map((purpose) => ring.derive(purpose, '2026')?.toString('hex'))).size).toBe(purposes.length);
  });

  it('opens nothing that is bound to something else', () => {
    const sealed = ring.seal('token', 'secret', 'user-1');
    for (const other of ['user-2', 'user-1 ', '', 'USER-1']) expect(ring.open('token', sealed, other)).toEqual(refusal('tampered'));
  });

  it('notices a change of any character of what it sealed', () => {
    const sealed = ring.seal('token', 'attack at dawn', 'a');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
    for (let at = 0; at < sealed.length; at += 1) {
      for (const letter of alphabet) {
        if (letter === sealed[at]) continue;
        expect(ring.open('token', sealed.slice(0, at) + letter + sealed.slice(at + 1), 'a').ok).toBe(false);
      }
    }
  });

  it('notices a change of any bit of nonce, text and tag', () => {
    const [version = '', id = '', body = ''] = ring.seal('token', 'attack at dawn', 'a').split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(ring.open('token', `${version}.${id}.${changed.toString('base64url')}`, 'a')).toEqual(refusal('tampered'));
    }
  });

  it('notices what was cut off, added or written in another way', () => {
    const sealed = ring.seal('token', 'attack at dawn', 'a');
    for (let length = 0; length < sealed.length; length += 1) expect(ring.open('token', sealed.slice(0, length), 'a').ok).toBe(false);
    for (const other of [`${sealed}A`, `${sealed}=`, `${sealed} `, ` ${sealed}`, `${sealed}\n`, sealed.replace('v1', 'v2'), sealed.replace('v1', 'V1'), `${sealed}.`]) expect(ring.open('token', other, 'a').ok).toBe(false);
  });

  it('never throws, whatever it is asked to open', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String().map((text) => `v1.2026.${text}`)), (sealed) => !ring.open('token', sealed, 'a').ok));
    for (const sealed of ['', 'v1..', 'v1.2026.', 'v1.2026.AAAA', undefined, null, 7, {}]) expect(ring.open('token', sealed as string, 'a')).toEqual(refusal('malformed'));
  });

  // ASVS 11.3.4
  it('uses another nonce for each of 100,000 seals', () => {
    const nonces = new Set(Array.from({ length: 100_000 }, () => ring.seal('token', '', '').split('.')[2]?.slice(0, 16)));
    expect(nonces.size).toBe(100_000);
  });

  it('names equal values equally and different ones differently, in 22 characters', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (one, other) => (ring.digest('identifier', one) === ring.digest('identifier', other)) === (one === other)));
    expect(ring.digest('identifier', 'ann@example.test')).toMatch(/^[\w-]{22}$/);
    expect(createKeyRing({ keys: [newer] }).digest('identifier', 'ann')).toBe(ring.digest('identifier', 'ann'));
  });

  it('hands out copies of its keys and keeps none of the caller\'s', () => {
    const secret = secretOf(5);
    const own = createKeyRing({ keys: [{ id: 'a', secret }] });
    const before = own.digest('account', 'x');
    secret.fill(0);
    own.derive('account', 'a')?.fill(0);
    expect(own.digest('account', 'x')).toBe(before);
    expect(own.seal('account', 'x', '')).toMatch(/^v1\.a\./);
  });
});

describe('the options of the key ring', () => {
  const good = { id: 'a', secret: secretOf(3) };

  it.each<readonly [unknown, string]>([
    [undefined, 'keyRing.keys: expected an array, got nothing'],
    [{ keys: [] }, 'keyRing.keys: expected at least one key, got an empty array'],
    [{ key: good }, 'keyRing.key: unknown option, did you mean "keys"?'],
    [{ keys: [good, good] }, 'keyRing.keys: expected every id once, got one twice'],
    [{ keys: [{ ...good, id: 'a.b' }] }, 'keyRing.keys[0].id: expected 1 to 16 letters, digits, "-" or "_"'],
    [{ keys: [{ ...good, id: 'a'.repeat(17) }] }, 'keyRing.keys[0].id: expected 1 to 16 letters, digits, "-" or "_"'],
    [{ keys: [{ ...good, secret: secretOf(1).subarray(1) }] }, 'keyRing.keys[0].secret: expected a Uint8Array of 32 bytes (openssl rand -base64 32, decoded), got 31 bytes'],
    [{ keys: [{ ...good, secret: 'x'.repeat(32) }] }, 'keyRing.keys[0].secret: expected a Uint8Array of 32 bytes (openssl rand -base64 32, decoded), got a string of 32 characters'],
    [{ keys: [{ ...good, secret: new Uint8Array(32) }] }, 'keyRing.keys[0].secret: expected random bytes, got 32 times the same one'],
    [{ keys: [{ ...good, secrets: 1 }] }, 'keyRing.keys[0].secrets: unknown option, did you mean "secret"?'],
  ])('are refused by name and never quoted: %#', (given, message) => {
    expect(complaint(given)).toBe(message);
  });

  it('may be bytes of any kind and realm', () => {
    expect(complaint({ keys: [{ id: 'a', secret: randomBytes(32) }, { id: 'b', secret: runInNewContext('Uint8Array.from({ length: 32 }, (_, i) => i)') as Uint8Array }] })).toBe('accepted');
  });
});
