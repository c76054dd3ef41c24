import { describe, expect, it } from 'vitest';
import { codesFor } from './setup.ts';

/** So many different letters that neither list nor repetition has anything to say. */
function letters(count: number): string {
  return Array.from({ length: count }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 37) % 5_000))).join('');
}

// ASVS 6.2.1, SP 800-63B-4 3.1.1.2 (1)
describe('the shortest password', () => {
  it.each([
    [7, ['too-short']],
    [8, ['too-short']],
    [14, ['too-short']],
    [15, []],
  ])('of %i characters alone', async (count, expected) => {
    expect(await codesFor({ password: letters(count) })).toEqual(expected);
  });

  it.each([
    [7, ['too-short']],
    [8, []],
    [14, []],
    [15, []],
  ])('of %i characters beside a second factor', async (count, expected) => {
    expect(await codesFor({ password: letters(count), secondFactor: true })).toEqual(expected);
  });

  it('is 15 for an account whose second factor is not yet there', async () => {
    expect(await codesFor({ password: letters(14), secondFactor: false })).toEqual(['too-short']);
  });

  it('can be made longer', async () => {
    expect(await codesFor({ password: letters(19) }, { minLengthChars: 20 })).toEqual(['too-short']);
    expect(await codesFor({ password: letters(20) }, { minLengthChars: 20 })).toEqual([]);
  });

  it('can be made shorter only by an option that says how dangerous that is', async () => {
    expect(await codesFor({ password: letters(9) }, { dangerouslyMinLengthChars: 10 })).toEqual(['too-short']);
    expect(await codesFor({ password: letters(10) }, { dangerouslyMinLengthChars: 10 })).toEqual([]);
  });

  it('is refused when it is empty', async () => {
    expect(await codesFor({ password: '' })).toEqual(['too-short']);
  });
});

// ASVS 6.2.9, SP 800-63B-4 3.1.1.2 (2)
describe('the longest password', () => {
  it.each([
    [64, []],
    [128, []],
    [129, ['too-long']],
  ])('of %i characters', async (count, expected) => {
    expect(await codesFor({ password: letters(count) })).toEqual(expected);
  });

  it('may have 128 characters beyond the basic plane', async () => {
    const password = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(0x20000 + index * 3)).join('');
    expect(await codesFor({ password })).toEqual([]);
    expect(await codesFor({ password: `${password}x` })).toEqual(['too-long']);
  });

  it.each([
    ['1,025 bytes', 'ab'.repeat(512) + 'c'],
    ['1,025 combining marks', '\u0301'.repeat(1_025)],
    ['ten million characters', 'x'.repeat(10_000_000)],
  ])('is refused at once at %s, with this one reason', async (_, password) => {
    expect(await codesFor({ password, personal: [password] })).toEqual(['too-long']);
  });
});

// SP 800-63B-4 3.1.1.2 (4): each code point is one character; NFC before counting
describe('counting characters', () => {
  it('counts an astral character once', async () => {
    const password = Array.from({ length: 15 }, (_, index) => String.fromCodePoint(0x1f600 + index)).join('');
    expect(await codesFor({ password })).toEqual([]);
    expect(await codesFor({ password: password.slice(2) })).toEqual(['too-short']);
  });

  it('counts an emoji with a skin tone as two and a family as five', async () => {
    const rest = letters(8);
    expect(await codesFor({ password: `👍🏽👨‍👩‍👧${rest}` })).toEqual([]);
    expect(await codesFor({ password: `👍🏽👨‍👩‍👧${rest.slice(1)}` })).toEqual(['too-short']);
  });

  it('counts a letter and its accent as one, however they were typed', async () => {
    const composed = 'éèêëáàâäóòôöúùû';
    expect(Array.from(composed)).toHaveLength(15);
    expect(await codesFor({ password: composed.normalize('NFD') })).toEqual([]);
    expect(await codesFor({ password: composed.slice(1).normalize('NFD') })).toEqual(['too-short']);
  });

  it('takes 128 Korean syllables that arrive as 384 jamo', async () => {
    const password = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(0xac01 + index * 29)).join('');
    expect(Buffer.byteLength(password.normalize('NFD'))).toBeGreaterThan(1_024);
    expect(await codesFor({ password: password.normalize('NFD') })).toEqual([]);
  });

  it('does not make two letters of a ligature', async () => {
    expect(await codesFor({ password: `\ufb01${letters(13)}` })).toEqual(['too-short']);
  });
});

// ASVS 2.2.1, 15.3.5
describe('what is not text', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 123_456_789_012_345],
    ['an array', ['correct horse battery staple']],
    ['an operator', { $gt: '' }],
    ['a lone surrogate', `\ud800${letters(20)}`],
    ['text with a method of its own', { length: 20, normalize: () => 'x', isWellFormed: (): boolean => true }],
  ])('is refused, not thrown at: %s', async (_, password) => {
    expect(await codesFor({ password })).toEqual(['not-text']);
  });

  it('may hold NUL, tabs and line ends: they are characters', async () => {
    expect(await codesFor({ password: 'ripe\u0000plums\tsail\nover Uppsala' })).toEqual([]);
  });
});
