import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { StoreError } from 'portcullis';
import { digestsEqual, secretsEqual, sha256 } from '../../src/kernel/compare.ts';
import { wait, withDeadline } from '../../src/kernel/deadline.ts';

// ASVS 11.2.4
describe('comparing secrets', () => {
  it('says whether they are equal, and does not throw for unequal lengths', () => {
    expect(secretsEqual('a', 'a')).toBe(true);
    expect(secretsEqual('', '')).toBe(true);
    for (const other of ['', 'b', 'ab', 'A', 'a\0', 'a'.repeat(1_000_000)]) expect(secretsEqual('a', other)).toBe(false);
    fc.assert(fc.property(fc.string(), fc.string(), (left, right) => { expect(secretsEqual(left, right)).toBe(left === right); }));
  });

  it('says the same of two digests', () => {
    const digest = sha256('abc').toString('base64url');
    expect(digestsEqual(digest, sha256('abc').toString('base64url'))).toBe(true);
    for (const other of ['', digest.slice(1), `${digest}A`, digest.toLowerCase(), sha256('abd').toString('base64url')]) expect(digestsEqual(digest, other)).toBe(false);
    fc.assert(fc.property(fc.base64String(), fc.base64String(), (left, right) => { expect(digestsEqual(left, right)).toBe(left === right); }));
  });

  it('takes bytes and text for the same secret', () => {
    expect(secretsEqual(Buffer.from('s\u00e9cret'), 's\u00e9cret')).toBe(true);
    expect(secretsEqual(new Uint8Array([1, 2]), new Uint8Array([1, 2, 3]))).toBe(false);
  });

  // FIPS 180-4, NIST example "abc"
  it('digests by SHA-256', () => {
    expect(sha256('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

function setup() {
  const clock = fakeClock();
  let settle: { resolve: (value: string) => void; reject: (error: unknown) => void } = { resolve: () => undefined, reject: () => undefined };
  const work = new Promise<string>((resolve, reject) => { settle = { resolve, reject }; });
  const result = withDeadline(work, { clock, deadlineMs: 100, onLate: () => new StoreError('late') });
  const outcome = result.then((value) => value, (error: unknown) => error);
  return { clock, outcome, ...settle };
}

describe('work with a deadline', () => {
  it('settles as the work does when it is in time', async () => {
    const { clock, outcome, resolve } = setup();
    await clock.advance(99);
    resolve('done');
    expect(await outcome).toBe('done');
  });

  it('rejects when the time is over, and what comes later is ignored', async () => {
    const { clock, outcome, resolve } = setup();
    await clock.advance(100);
    expect(await outcome).toMatchObject({ code: 'ERR_STORE', message: 'late' });
    resolve('done');
    await clock.advance(100);
  });

  it('leaves no rejection unhandled that comes too late', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): void => { unhandled.push(reason); };
    process.on('unhandledRejection', listen);
    const { clock, outcome, reject } = setup();
    await clock.advance(100);
    await outcome;
    reject(new Error('much later'));
    await clock.advance(1);
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('rejects as the work does, with an Error in any case', async () => {
    const first = setup();
    const cause = new RangeError('wrong');
    first.reject(cause);
    expect(await first.outcome).toBe(cause);
    const second = setup();
    second.reject('gone');
    expect(await second.outcome).toMatchObject({ message: 'rejected without an Error', cause: 'gone' });
  });

  it('waits for as long as it is told', async () => {
    const clock = fakeClock();
    let over = false;
    void wait(clock, 50).then(() => { over = true; });
    await clock.advance(49);
    expect(over).toBe(false);
    await clock.advance(1);
    expect(over).toBe(true);
  });
});
