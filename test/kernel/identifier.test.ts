import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIdentifier, inputText, maxIdentifierChars, readIdentifier } from '../../src/kernel/identifier.ts';

const read = (value: unknown) => readIdentifier(value, canonicalIdentifier);

describe('an identifier', () => {
  it.each([
    [' Ann@Example.test ', 'ann@example.test'], ['ANN', 'ann'], ['\uff21\uff4e\uff4e', 'ann'], ['\ufb01sh', 'fish'], ['e\u0301', '\u00e9'], ['\u00a0ann\u3000', 'ann'], ['\u212a', 'k'],
  ])('is made canonical by NFKC, trimming and lower case: %j', (given, expected) => {
    expect(read(given)).toBe(expected);
  });

  it('is not changed any more once it is canonical', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const once = canonicalIdentifier(text);
      expect(canonicalIdentifier(once)).toBe(once);
    }), { numRuns: 2_000 });
    for (let point = 0; point < 0x30000; point += 1) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const once = canonicalIdentifier(String.fromCodePoint(point));
      if (canonicalIdentifier(once) !== once) throw new Error(`U+${point.toString(16)}`);
    }
  });

  // ASVS 2.2.1
  it.each<readonly [string, unknown]>([
    ['nothing', undefined], ['null', null], ['a number', 7], ['true', true], ['an array', ['ann']], ['an object', { $gt: '' }], ['an object that pretends', { toString: () => 'ann', length: 3 }], ['a String object', Object('ann')],
    ['empty text', ''], ['spaces', ' \t\n '], ['NUL', '\0'], ['text with NUL', 'ann\0@example.test'], ['a lone high surrogate', 'ann\ud800'], ['a lone low surrogate', '\udc00ann'],
    ['one character too many', 'x'.repeat(maxIdentifierChars + 1)], ['10 MB', 'x'.repeat(10_000_000)], ['what NFKC makes too long', '\ufdfa'.repeat(100)],
  ])('is nothing where the value is %s', (_, value) => {
    expect(read(value)).toBeUndefined();
  });

  it('may be as long as the longest address and hold any script', () => {
    expect(read('x'.repeat(maxIdentifierChars))).toHaveLength(maxIdentifierChars);
    expect(read('\u5f20\u4f1f@\u4f8b\u5b50.\u6d4b\u8bd5')).toBe('\u5f20\u4f1f@\u4f8b\u5b50.\u6d4b\u8bd5');
    expect(read('\ud83d\ude00')).toBe('\ud83d\ude00');
  });

  it('goes through the app\'s own canonicalizer, whose answer is not trusted either', () => {
    expect(readIdentifier('Ann+tag@example.test', (text) => text.replace(/\+[^@]*/, '').toLowerCase())).toBe('ann@example.test');
    for (const answer of ['', 'x'.repeat(321), 'a\0', '\ud800', undefined, null, 7, {}]) expect(readIdentifier('ann', () => answer as string)).toBeUndefined();
    expect(readIdentifier('ann', () => { throw new RangeError('punycode: overflow'); })).toBeUndefined();
  });
});

describe('text from a stranger', () => {
  it('is a well-formed string of bounded length, or nothing', () => {
    expect(inputText('a', 1)).toBe('a');
    expect(inputText('ab', 1)).toBeUndefined();
    fc.assert(fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }), (value) => {
      const text = inputText(value, 100);
      expect(text === undefined || (text === value && text.length <= 100 && text.isWellFormed())).toBe(true);
    }));
  });
});
