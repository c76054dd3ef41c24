import { describe, expect, it, vi } from 'vitest';
import { BusyError, ConfigError, isPortcullisError, PortcullisError, StoreError } from 'portcullis';
import { errorName } from '../../src/kernel/errors.ts';

describe('the errors of the library', () => {
  it('have a class, a code and a message, and keep the cause', () => {
    const cause = new Error('connection lost');
    expect(new ConfigError('limiter.name: expected a non-empty string')).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG', message: 'limiter.name: expected a non-empty string' });
    expect(new StoreError('store: gone', { cause })).toMatchObject({ name: 'StoreError', code: 'ERR_STORE', message: 'store: gone', cause });
    expect(new BusyError('hasher: busy', 1_500)).toMatchObject({ name: 'BusyError', code: 'ERR_BUSY', message: 'hasher: busy', retryAfterMs: 1_500 });
    for (const error of [new ConfigError('a'), new StoreError('a'), new BusyError('a', 1)]) {
      expect(error).toBeInstanceOf(PortcullisError);
      expect(error).toBeInstanceOf(Error);
      expect(error.stack).toContain('errors.test');
    }
  });

  it('are recognized across two copies of the library', async () => {
    vi.resetModules();
    const copy = (await import('../../src/kernel/errors.ts'));
    const foreign = new copy.StoreError('gone');
    expect(foreign).not.toBeInstanceOf(StoreError);
    expect(isPortcullisError(foreign)).toBe(true);
    expect(copy.isPortcullisError(new BusyError('busy', 1))).toBe(true);
  });

  it('are not taken for anything else', () => {
    for (const value of [undefined, null, 'ERR_STORE', 7, {}, new Error('a'), Object.assign(new Error('a'), { code: 'ERR_STORE' }), { name: 'StoreError', code: 'ERR_STORE' }]) expect(isPortcullisError(value)).toBe(false);
  });

  it('do not show their brand', () => {
    expect(Object.keys(new ConfigError('a'))).toEqual(['code', 'name']);
    expect(JSON.stringify(new BusyError('a', 1))).not.toContain('portcullis.error');
  });
});

describe('what an event says of an error', () => {
  it('is its class and code, never its message', () => {
    expect(errorName(new TypeError('ann@example.test'))).toBe('TypeError');
    expect(errorName(Object.assign(new Error('to ann@example.test'), { code: 'ECONNREFUSED' }))).toBe('Error ECONNREFUSED');
    expect(errorName(new StoreError('a'))).toBe('StoreError ERR_STORE');
  });

  it('is the kind of what was thrown where that is no error', () => {
    expect(['ann@example.test', undefined, null, 7, {}].map(errorName)).toEqual(['string', 'undefined', 'object', 'number', 'object']);
  });

  it('holds no name or code that somebody put an address into', () => {
    expect(errorName(Object.assign(new Error('a'), { name: 'Error for ann@example.test', code: 'ann@example.test' }))).toBe('Error');
    expect(errorName(Object.assign(new Error('a'), { name: 'x'.repeat(65), code: 550 }))).toBe('Error');
  });
});
