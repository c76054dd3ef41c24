import { createBreachLookup, rangeService, rangeServiceDefaults, type BreachLookupOptions, type RangeServiceOptions } from 'portcullis/breach';
import { describe, expect, it } from 'vitest';

const address = 'an https: address without credentials, query or fragment';

describe('a wrong option of the range service', () => {
  it.each<readonly [unknown, string]>([
    [null, 'rangeService: expected an options object, got null'],
    [{ baseURL: 'https://a.example' }, 'rangeService.baseURL: unknown option, did you mean "baseUrl"?'],
    [{ timeoutMs: 300 }, 'rangeService.timeoutMs: unknown option'],
    [{ baseUrl: null }, 'rangeService.baseUrl: expected a non-empty string, got null'],
    [{ baseUrl: 'api.pwnedpasswords.com' }, `rangeService.baseUrl: expected ${address}, got a string of 22 characters`],
    [{ baseUrl: 'file:///etc/passwd' }, `rangeService.baseUrl: expected ${address}`],
    [{ baseUrl: 'https://user:secret@a.example' }, `rangeService.baseUrl: expected ${address}, got a string of 29 characters`],
    [{ baseUrl: 'https://a.example/?mode=ntlm' }, `rangeService.baseUrl: expected ${address}`],
    [{ baseUrl: 'http://a.example' }, 'rangeService.baseUrl: expected https: (ASVS 5.0 13.2.4); http: needs dangerouslyAllowHttp'],
    [{ dangerouslyAllowHttp: 'yes' }, 'rangeService.dangerouslyAllowHttp: expected true or false, got a string of 3 characters'],
    [{ userAgent: '' }, 'rangeService.userAgent: expected a non-empty string, got a string of 0 characters'],
    [{ userAgent: 'a\r\nb: c' }, 'rangeService.userAgent: expected 1 to 256 printable ASCII characters, got a string of 7 characters'],
    [{ maxConnections: 0 }, 'rangeService.maxConnections: expected a whole number from 1 to 256, got 0'],
    [{ cacheMaxBytes: 1 }, 'rangeService.cacheMaxBytes: expected a whole number from 100000 to 1073741824, got 1'],
    [{ cacheTtlMs: 86_400_001 }, 'rangeService.cacheTtlMs: expected a whole number from 1000 to 86400000, got 86400001'],
    [{ breakerFailures: 1.5 }, 'rangeService.breakerFailures: expected a whole number from 1 to 1000, got 1.5'],
    [{ breakerOpenMs: '30s' }, 'rangeService.breakerOpenMs: expected a whole number from 100 to 3600000, got a string of 3 characters'],
    [{ clock: {} }, 'rangeService.clock: expected an object with nowMs(), monotonicMs(), after(), got a value of type object'],
    [{ emit: 1 }, 'rangeService.emit: expected a function, got 1'],
  ])('stops the app at start: %o', (options, message) => {
    expect(() => rangeService(options as RangeServiceOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string }),
    );
  });

  it('is not what is absent: the defaults need no options, and touch no socket', () => {
    expect(rangeService()).toMatchObject({ name: 'range-service' });
    expect(rangeService({ baseUrl: undefined } as unknown as RangeServiceOptions)).toMatchObject({ name: 'range-service' });
    expect(rangeServiceDefaults).toEqual({
      baseUrl: 'https://api.pwnedpasswords.com',
      dangerouslyAllowHttp: false,
      userAgent: 'portcullis',
      maxConnections: 16,
      cacheMaxBytes: 16_777_216,
      cacheTtlMs: 86_400_000,
      breakerFailures: 5,
      breakerOpenMs: 30_000,
    });
    expect(Object.isFrozen(rangeServiceDefaults)).toBe(true);
  });
});

describe('a wrong option of the lookup', () => {
  it.each<readonly [unknown, string]>([
    [undefined, 'breach.sources: expected an array, got nothing'],
    [{ sources: [] }, 'breach.sources: expected at least one source, got an empty array'],
    [{ sources: rangeService() }, 'breach.sources: expected an array, got a value of type object'],
    [{ sources: [{}] }, 'breach.sources[0]: expected an object with check(), got a value of type object'],
    [{ sources: [rangeService(), { check: () => undefined }] }, 'breach.sources[1].name: expected a non-empty string, got nothing'],
    [{ sorces: [rangeService()] }, 'breach.sorces: unknown option, did you mean "sources"?'],
    [{ sources: [rangeService()], budgetMs: 300 }, 'breach.budgetMs: unknown option'],
  ])('stops the app at start: %o', (options, message) => {
    expect(() => createBreachLookup(options as BreachLookupOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) as string }),
    );
  });
});
