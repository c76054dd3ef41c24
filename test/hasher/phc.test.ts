import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxStoredChars, readHash, storedBounds, writeHash, type StoredHash } from '../../src/hasher/phc.ts';

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));

const storedHash: fc.Arbitrary<StoredHash> = fc.record({
  parameters: fc.integer({ min: 1, max: storedBounds.maxLanes }).chain((lanes) =>
    fc.record({
      memoryKiB: fc.integer({ min: 8 * lanes, max: storedBounds.maxMemoryKiB }),
      passes: fc.integer({ min: 1, max: storedBounds.maxPasses }),
      lanes: fc.constant(lanes),
    }),
  ),
  keyId: fc.option(fc.stringMatching(/^[\w-]{1,16}$/), { nil: undefined }),
  salt: bytes(storedBounds.minSaltBytes, storedBounds.maxSaltBytes),
  tag: bytes(storedBounds.minTagBytes, storedBounds.maxTagBytes),
});

const salt = 'c29tZXNhbHQxNmJ5dGVzIQ';
const tag = 'A'.repeat(43);
const reasonOf = (stored: string): string => {
  const read = readHash(stored);
  return read.ok ? 'ok' : read.reason;
};

describe('the stored form of a hash', () => {
  it('reads back whatever it wrote, in any order of the parameters', () => {
    fc.assert(
      fc.property(storedHash, fc.infiniteStream(fc.nat()), (hash, numbers) => {
        const written = writeHash(hash);
        expect(readHash(written)).toEqual({ ok: true, hash, canonical: true });
        const [, id, version, fields = '', ...rest] = written.split('$');
        const shuffled = fields
          .split(',')
          .map((field) => ({ field, rank: numbers.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ field }) => field)
          .join(',');
        expect(readHash(['', id, version, shuffled, ...rest].join('$'))).toEqual({ ok: true, hash, canonical: shuffled === fields });
      }),
    );
  });

  it('never throws, whatever a row holds', () => {
    const near = fc.array(fc.constantFrom('$', 'argon2id', 'v=19', 'm=19456', 't=2', 'p=1', ',', 'keyid=YQ', salt, tag, '=', '\0', '-1', '9999999999')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), near, near.map((text) => `$argon2id$v=19$${text}`)), (stored) => {
        expect(['ok', 'other', 'malformed', 'excessive']).toContain(reasonOf(stored));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['another algorithm', `$argon2i$v=19$m=19456,t=2,p=1$${salt}$${tag}`, 'other'],
    ['another version', `$argon2id$v=16$m=19456,t=2,p=1$${salt}$${tag}`, 'other'],
    ['a field twice', `$argon2id$v=19$m=19456,m=19456,t=2,p=1$${salt}$${tag}`, 'malformed'],
    ['a missing field', `$argon2id$v=19$m=19456,t=2$${salt}$${tag}`, 'malformed'],
    ['an unknown field', `$argon2id$v=19$m=19456,t=2,p=1,data=YQ$${salt}$${tag}`, 'malformed'],
    ['a leading zero', `$argon2id$v=19$m=019456,t=2,p=1$${salt}$${tag}`, 'malformed'],
    ['a negative number', `$argon2id$v=19$m=-19456,t=2,p=1$${salt}$${tag}`, 'malformed'],
    ['a number in another notation', `$argon2id$v=19$m=1e4,t=2,p=1$${salt}$${tag}`, 'malformed'],
    ['padded base64', `$argon2id$v=19$m=19456,t=2,p=1$${salt}==$${tag}`, 'malformed'],
    ['base64 with loose bits', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'A'.repeat(42)}B`, 'malformed'],
    ['no tag', `$argon2id$v=19$m=19456,t=2,p=1$${salt}`, 'malformed'],
    ['something behind the tag', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}$`, 'malformed'],
    ['a key id that no ring can have', `$argon2id$v=19$m=19456,t=2,p=1,keyid=4pyT$${salt}$${tag}`, 'malformed'],
    ['a megabyte', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'A'.repeat(1_000_000)}`, 'malformed'],
    ['memory of 4 TiB', `$argon2id$v=19$m=4294967295,t=2,p=1$${salt}$${tag}`, 'excessive'],
    ['a million passes', `$argon2id$v=19$m=19456,t=1000000,p=1$${salt}$${tag}`, 'excessive'],
    ['more lanes than cores', `$argon2id$v=19$m=19456,t=2,p=255$${salt}$${tag}`, 'excessive'],
    ['less memory than its lanes need', `$argon2id$v=19$m=31,t=2,p=4$${salt}$${tag}`, 'excessive'],
    ['a tag that is easily hit', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$AAAA`, 'excessive'],
    ['hardly any salt', `$argon2id$v=19$m=19456,t=2,p=1$AAAA$${tag}`, 'excessive'],
  ])('refuses %s', (_, stored, reason) => {
    expect(reasonOf(stored)).toBe(reason);
  });

  it('bounds the length of what it looks at', () => {
    expect(maxStoredChars).toBeLessThanOrEqual(1_024);
  });
});
