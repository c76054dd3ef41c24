import fc from 'fast-check';
import { createPasswordPolicy, passwordPolicyDefaults, type PasswordPolicyOptions } from 'portcullis/password';
import { commonList } from 'portcullis/breach';
import { describe, expect, it } from 'vitest';
import { meterOfScore } from './fake-worker.ts';
import { codesFor, codesOf, policyOf } from './setup.ts';

// Not fc.string(): it likes the names of methods, and __lookupSetter__ is made of two common words.
const anyCharacter = fc.integer({ min: 0, max: 0x10ffff }).filter((point) => point < 0xd800 || point > 0xdfff).map((point) => String.fromCodePoint(point));
const anyText = fc.array(fc.oneof(anyCharacter, fc.constantFrom(...Array.from('aeiourstlnAERST 0123456789!$@-'))), { minLength: 15, maxLength: 128 }).map((characters) => characters.join(''));
const lengthOf = (text: string) => Array.from(text.normalize('NFC')).length;
/** Not of one or two characters in turn, and more than digits: all others of 15 characters are beyond any list. */
const isVaried = (text: string) => new Set(text.normalize('NFC')).size > 6 && /\P{N}/u.test(text);

// ASVS 6.2.5, SP 800-63B-4 3.1.1.2 (5)
describe('any characters', () => {
  it('make a password, if there are enough of them', async () => {
    const policy = policyOf();
    await fc.assert(
      fc.asyncProperty(anyText, async (password) => {
        fc.pre(lengthOf(password) >= 15 && lengthOf(password) <= 128 && isVaried(password));
        expect(codesOf(await policy.check({ password }))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('make one that is strong enough for the estimate, too', async () => {
    const policy = meterOfScore(4);
    await fc.assert(
      fc.asyncProperty(anyText, async (password) => {
        fc.pre(lengthOf(password) >= 15 && lengthOf(password) <= 128 && isVaried(password));
        expect(await policy.check({ password })).toEqual({ ok: true, breach: 'not-checked', strength: 4 });
      }),
      { numRuns: 200 },
    );
  });

  it('get an answer and never an error', async () => {
    const policy = policyOf();
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.array(fc.anything()), async (password, personal) => {
        const verdict = await policy.check({ password, personal: personal as readonly string[] });
        expect(verdict.ok || verdict.reasons.length > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['small letters only', 'ripeplumssailoveruppsala'],
    ['capital letters only', 'RIPEPLUMSSAILOVERUPPSALA'],
    ['digits only', '8392017465201931'],
    ['symbols only', '~)&}?<%{;^*=#/>.,'],
    ['spaces in front and behind', '   ripe plums sail over Uppsala   '],
    ['no letter that occurs twice in a row', 'qwnzkvpjxhyrbgtmc'],
    ['Japanese', '熟した梅はウプサラを越えて帆走する'],
  ])('may all be of one kind: %s', async (_, password) => {
    expect(await codesFor({ password })).toEqual([]);
  });
});

describe('rules on characters and on age', () => {
  it.each([
    'requireUppercase', 'requireDigits', 'requireSymbols', 'composition', 'allowedCharacters', 'maxRepeats', // ASVS 6.2.5
    'maxAge', 'maxAgeDays', 'expiresAfterDays', 'rotation', 'history', // ASVS 6.2.10
    'maxLengthChars', // ASVS 6.2.9: 128 is not to be lowered
  ])('do not exist: %s', (name) => {
    const options = { commonList: commonList(), [name]: 1 } as unknown as PasswordPolicyOptions;
    expect(() => createPasswordPolicy(options)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(`password.${name}: unknown option`) as string }));
  });

  it('have no place among the defaults', () => {
    expect(passwordPolicyDefaults).toEqual({ minLengthChars: 15, contextWords: [], minStrength: 2 });
  });

  it('are not brought by time: ten years later the same password is as good', async () => {
    const { fakeClock } = await import('portcullis/testing');
    const clock = fakeClock();
    const policy = policyOf({ clock });
    expect(codesOf(await policy.check({ password: 'ripe plums sail over Uppsala' }))).toEqual([]);
    await clock.advance(10 * 365 * 24 * 3_600_000);
    expect(codesOf(await policy.check({ password: 'ripe plums sail over Uppsala' }))).toEqual([]);
  });
});
