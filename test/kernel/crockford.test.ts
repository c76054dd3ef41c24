import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inGroups, randomChars, readChars } from '../../src/kernel/crockford.ts';

const digits = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ');
const length = 8;
const read = (value: unknown): string | undefined => readChars(value, { length, maxInputChars: 32 });
const codes = fc.string({ unit: fc.constantFrom(...digits), minLength: length, maxLength: length });

describe('random characters', () => {
  it('are the bits of the source, five by five, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), fc.integer({ min: 1, max: 64 }), (source, wanted) => {
        const bits = Array.from(source, (byte) => byte.toString(2).padStart(8, '0')).join('');
        const expected = Array.from({ length: wanted }, (_, at) => digits[Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2)]).join('');
        expect(randomChars((sizeBytes) => Buffer.from(source.subarray(0, sizeBytes)), wanted)).toBe(expected);
      }),
    );
  });

  it('ask for as many bytes as they need', () => {
    const asked: number[] = [];
    for (const wanted of [8, 26]) {
      randomChars((sizeBytes) => {
        asked.push(sizeBytes);
        return randomBytes(sizeBytes);
      }, wanted);
    }
    expect(asked).toEqual([5, 17]);
  });

  it('are not made of fewer bytes than were asked for', () => {
    expect(() => randomChars(() => randomBytes(16), 26)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'random: expected 17 bytes, got 16' }) as Error);
  });
});

describe('reading what was typed', () => {
  it('finds every code again, in small letters, with any hyphens and spaces between', () => {
    const between = fc.constantFrom('', ' ', '-', '  ', ' - ', '\u2013', '\u2011', '\u00a0', '\u200b', '\t');
    fc.assert(
      fc.property(codes, fc.array(between, { minLength: length, maxLength: length }), fc.boolean(), (code, gaps, small) => {
        const typed = Array.from(code, (char, at) => `${gaps[at] ?? ''}${char}`).join('');
        expect(readChars(small ? typed.toLowerCase() : typed, { length, maxInputChars: 64 })).toBe(code);
      }),
    );
  });

  it.each([
    ['o0O0-iIlL', '00001111'],
    ['abcdefgh', 'ABCDEFGH'],
    ['  1234\n5678 ', '12345678'],
    ['1234\u20135678', '12345678'],
  ])('takes %j', (typed, meant) => {
    expect(read(typed)).toBe(meant);
  });

  it.each<readonly [unknown, string]>([
    ['', 'nothing'],
    ['1234567', 'one too few'],
    ['123456789', 'one too many'],
    ['1234567U', 'a letter that is none of them'],
    ['1234567u', 'the same, small'],
    ['1234567\u0131', 'a letter whose capital is one of them'],
    ['1234567\u017f', 'the same, an old s'],
    ['123456\u00df', 'a letter that becomes two'],
    ['\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18', 'wide digits'],
    ['12345678\ud800', 'broken Unicode'],
    [`12345678${' '.repeat(25)}`, 'too long to look at'],
    [12345678, 'a number'],
    [null, 'null'],
    [undefined, 'undefined'],
    [['12345678'], 'an array'],
    [{ toString: () => '12345678' }, 'an object that is a code as text'],
  ])('refuses %j: %s', (typed) => {
    expect(read(typed)).toBeUndefined();
  });

  it('never throws, and answers a code in its one form or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: fc.constantFrom(...digits, 'o', 'i', 'l', 'u', '-', ' ', '\u0130'), minLength: 6, maxLength: 12 })), (value) => {
        const found = read(value);
        if (found === undefined) return;
        expect(found).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
        expect(read(found)).toBe(found);
      }),
    );
  });
});

describe('groups', () => {
  it('hold every character, in order', () => {
    expect(inGroups('ABCDEFGHJ', [2, 3, 4])).toBe('AB-CDE-FGHJ');
    fc.assert(fc.property(codes, (code) => { expect(read(inGroups(code, [3, 5]))).toBe(code); }));
  });
});
