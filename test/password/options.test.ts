import { commonList } from 'portcullis/breach';
import { createPasswordPolicy, passwordPolicyDefaults, type PasswordPolicyOptions } from 'portcullis/password';
import { describe, expect, it } from 'vitest';
import { codesFor, goodPassword } from './setup.ts';

function make(options: object) {
  return () => createPasswordPolicy({ commonList: commonList(), ...options });
}

function configError(message: string): unknown {
  return expect.objectContaining({ code: 'ERR_CONFIG', message });
}

describe('options of the password policy', () => {
  it.each([
    [{ minLenghtChars: 15 }, 'password.minLenghtChars: unknown option, did you mean "minLengthChars"?'],
    [{ contextWord: [] }, 'password.contextWord: unknown option, did you mean "contextWords"?'],
    [{ minLengthChars: 7 }, 'password.minLengthChars: expected a whole number from 15 to 64, got 7'],
    [{ minLengthChars: 65 }, 'password.minLengthChars: expected a whole number from 15 to 64, got 65'],
    [{ minLengthChars: '15' }, 'password.minLengthChars: expected a whole number from 15 to 64, got a string of 2 characters'],
    [{ minLengthChars: null }, 'password.minLengthChars: expected a whole number from 15 to 64, got null'],
    [{ dangerouslyMinLengthChars: 7 }, 'password.dangerouslyMinLengthChars: expected a whole number from 8 to 14, got 7'],
    [{ dangerouslyMinLengthChars: 15 }, 'password.dangerouslyMinLengthChars: expected a whole number from 8 to 14, got 15'],
    [{ dangerouslyMinLengthChars: 8, minLengthChars: 15 }, 'password.dangerouslyMinLengthChars: expected minLengthChars or this, got both'],
    [{ contextWords: 'Acme' }, 'password.contextWords: expected an array, got a string of 4 characters'],
    [{ contextWords: ['Acme', ''] }, 'password.contextWords[1]: expected a non-empty string, got a string of 0 characters'],
    [{ contextWords: ['Acme', '!!!'] }, 'password.contextWords[1]: expected a name with letters or digits, of at most 320 characters, got a string of 3 characters'],
    [{ contextWords: ['x'.repeat(321)] }, 'password.contextWords[0]: expected a name with letters or digits, of at most 320 characters, got a string of 321 characters'],
    [{ contextWords: Array.from({ length: 200 }, (_, index) => `word${index}word`) }, 'password.contextWords: expected at most 512 characters in all, got an array of 200'],
    [{ commonList: undefined }, 'password.commonList: expected an object with has(), got nothing'],
    [{ commonList: ['123456'] }, 'password.commonList: expected an object with has(), got an array of 1'],
    [{ breach: {} }, 'password.breach: expected an object with check(), got a value of type object'],
    [{ minStrength: 5 }, 'password.minStrength: expected a whole number from 0 to 4, got 5'],
    [{ minStrength: 2.5 }, 'password.minStrength: expected a whole number from 0 to 4, got 2.5'],
    [{ clock: {} }, 'password.clock: expected an object with nowMs(), monotonicMs(), after(), got a value of type object'],
    [{ emit: 'log' }, 'password.emit: expected a function, got a string of 3 characters'],
  ])('refuses %j', (options, message) => {
    expect(make(options)).toThrow(configError(message));
  });

  // ASVS 6.2.1, SP 800-63B-4 3.1.1.2 (1)
  it.each([8, 10, 14])('refuses a minimum of %i under the harmless name and says which rule it breaks', (minLengthChars) => {
    expect(make({ minLengthChars })).toThrow(
      configError(
        `password.minLengthChars: expected a whole number from 15 to 64, got ${minLengthChars}; shorter is against SP 800-63B-4 3.1.1.2 without a second factor and needs dangerouslyMinLengthChars`,
      ),
    );
  });

  it('takes undefined for absent, and options as they were when it was made', async () => {
    const contextWords = ['Acme'];
    const options = { commonList: commonList(), minStrength: 0, contextWords, minLengthChars: undefined } as unknown as PasswordPolicyOptions;
    const policy = createPasswordPolicy(options);
    contextWords[0] = 'Other';
    expect(await policy.check({ password: 'acme-acme-acme-acme' })).toMatchObject({ ok: false });
    expect(await policy.check({ password: 'other-other-othel-2' })).toMatchObject({ ok: true });
  });

  it('takes 512 characters of names in any script', async () => {
    const names = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(0xac01 + index, 0xb099 + index, 0xc001 + index, 0xd001 + index));
    expect(await codesFor({ password: names.slice(-4).join('-') }, { contextWords: names })).toEqual(['context']);
  });

  // ASVS 15.3.6
  it('takes no option from a polluted prototype, and a hostile key pollutes nothing', async () => {
    const known = 'known: minLengthChars, dangerouslyMinLengthChars, contextWords, commonList, breach, minStrength, clock, emit';
    for (const key of ['__proto__', 'constructor']) {
      const hostile = JSON.parse(`{"${key}": {"minStrength": 4}}`) as object;
      expect(make(hostile)).toThrow(configError(`password.${key}: unknown option; ${known}`));
    }
    expect(({} as { minStrength?: unknown }).minStrength).toBeUndefined();
    expect(await codesFor({ password: goodPassword })).toEqual([]);
  });

  it('has frozen defaults', () => {
    expect(Object.isFrozen(passwordPolicyDefaults) && Object.isFrozen(passwordPolicyDefaults.contextWords)).toBe(true);
  });
});
