import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieLine, readCookie } from '../../src/kernel/cookies.ts';

const name = '__Host-portcullis-device';

describe('reading a Cookie header', () => {
  it.each<readonly [string, string, string | undefined]>([
    ['alone', `${name}=abc`, 'abc'],
    ['among others', `a=1; ${name}=abc; b=2`, 'abc'],
    ['without a space after the semicolon', `a=1;${name}=abc;b=2`, 'abc'],
    ['with blanks and tabs around', `a=1; \t${name} = abc\t ;b=2`, 'abc'],
    ['empty', `${name}=`, ''],
    ['with "=" in it', `${name}=a=b==`, 'a=b=='],
    ['in quotes, which stay', `${name}="abc"`, '"abc"'],
    ['encoded, which stays', `${name}=a%20b`, 'a%20b'],
    ['twice, and the same', `${name}=abc; ${name}=abc`, 'abc'],
    ['among broken ones', `; ;=;=x;a;; ${name}=abc;;`, 'abc'],
    ['named like a part of the prototype', `__proto__=x; constructor=y; ${name}=abc`, 'abc'],
    ['not there', 'a=1; b=2', undefined],
    ['in no header at all', '', undefined],
    ['without "="', name, undefined],
    ['in other letters', `${name.toLowerCase()}=abc`, undefined],
    ['as the end of another name', `x${name}=abc`, undefined],
    ['as the value of another', `a=${name}=abc`, undefined],
    ['as the value of one without a name', `=${name}=abc`, undefined],
  ])('finds the value %s', (_, header, expected) => {
    expect(readCookie(header, name)).toBe(expected);
  });

  it('finds nothing where two values have the name: one of them was planted', () => {
    expect(readCookie(`${name}=abc; ${name}=abd`, name)).toBeUndefined();
    expect(readCookie(`${name}=abc; a=1; ${name}=`, name)).toBeUndefined();
  });

  // A sibling domain may set these: to a browser they have no prefix. A server that trims them away takes them for ours.
  it.each(['\u00a0', '\u0085', '\ufeff', '\u2000', '\u2028', '\v', '\f', '\n', '\r', '\0'])('takes no name with a %j beside it for its own', (char) => {
    expect(readCookie(`${char}${name}=abc`, name)).toBeUndefined();
    expect(readCookie(`${name}${char}=abc`, name)).toBeUndefined();
    expect(readCookie(`${name}=abc; ${char}${name}=evil`, name)).toBe('abc');
  });

  it('does not look at more than 16 KB, and is quick about ten megabytes', () => {
    const pad = 'a=1;'.repeat(4_096).slice(0, 16_384 - name.length - 4);
    expect(readCookie(`${pad}${name}=abc`, name)).toBe('abc');
    expect(readCookie(`;${pad}${name}=abc`, name)).toBeUndefined();
    expect(readCookie(`${name}=abc;${' '.repeat(10_000_000)}`, name)).toBeUndefined();
    expect(readCookie(`${name}=${' '.repeat(16_000)}x`, name)).toBe('x');
  });

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary' })), (header) => {
      expect(() => readCookie(header, name)).not.toThrow();
    }));
  });

  it('finds what was written, wherever it stands among others', () => {
    const token = fc.stringMatching(/^[\w.-]{0,40}$/);
    const other = fc.tuple(fc.stringMatching(/^[!#$%&'*+.^`|~\w-]{1,20}$/), fc.stringMatching(/^[ -:<-~]{0,40}$/)).filter(([key]) => key !== name).map(([key, value]) => `${key}=${value}`);
    fc.assert(fc.property(token, fc.array(other), fc.array(other), (value, before, after) => {
      expect(readCookie([...before, `${name}=${value}`, ...after].join('; '), name)).toBe(value);
    }));
  });
});

describe('writing a Set-Cookie line', () => {
  // checklist 74; ASVS 3.3.1 to 3.3.4
  it('binds the cookie to this host, https and no script', () => {
    expect(cookieLine({ name, value: 'abc', maxAgeMs: 61_999 })).toBe(`${name}=abc; Max-Age=61; Path=/; Secure; HttpOnly; SameSite=Lax`);
  });

  it('ends a cookie with no age, and never writes a negative one', () => {
    for (const maxAgeMs of [0, -1, -5_000]) expect(cookieLine({ name, value: '', maxAgeMs })).toBe(`${name}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`);
  });

  it.each(['a;b', 'a b', 'a,b', 'a\r\nSet-Cookie: x=y', '"a"', 'ä', 'a=b', 'a%20'])('refuses the value %j', (value) => {
    expect(() => cookieLine({ name, value, maxAgeMs: 0 })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'cookie.value: expected letters, digits, "-", "_" and "."' }) as Error);
  });

  it.each(['__Host-', '__Host-a b', '__Host-a=b', '__Host-a;', '__Host-a\n'] as const)('refuses the name %j', (wrong) => {
    expect(() => cookieLine({ name: wrong, value: 'abc', maxAgeMs: 0 })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'cookie.name: expected "__Host-" and letters, digits, "-" or "_"' }) as Error);
  });
});
