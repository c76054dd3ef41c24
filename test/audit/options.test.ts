import { auditDefaults, createAuditLog, jsonLinesSink, type AuditLogOptions } from 'portcullis/audit';
import { ConfigError } from 'portcullis';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { keys } from './support.ts';

const noSink = (): void => undefined;

function configError(options: unknown): { readonly code: string; readonly message: string } {
  try {
    createAuditLog(options as AuditLogOptions);
  } catch (error) {
    if (error instanceof ConfigError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('was accepted');
}

describe('the options of the audit log', () => {
  it.each([
    [{ sinks: [noSink] }, 'audit.keys: expected what createKeyRing() makes, got nothing'],
    [{ keys, sinks: [] }, 'audit.sinks: expected an array of at least one sink, got an array of 0'],
    [{ keys }, 'audit.sinks: expected an array of at least one sink, got nothing'],
    [{ keys, sinks: noSink }, 'audit.sinks: expected an array of at least one sink, got a value of type function'],
    [{ keys, sinks: [null] }, 'audit.sinks[0]: expected a function, or an object with name and write(), got null'],
    [{ keys, sinks: [{ name: 'x' }] }, 'audit.sinks[0]: expected a function, or an object with name and write(), got a value of type object'],
    [{ keys, sinks: [{ write: noSink }] }, 'audit.sinks[0].name: expected 1 to 64 letters, digits, ".", "_" or "-"'],
    [{ keys, sinks: [{ name: 'a\nb', write: noSink }] }, 'audit.sinks[0].name: expected 1 to 64 letters, digits, ".", "_" or "-"'],
    [{ keys, sinks: [jsonLinesSink(new PassThrough()), jsonLinesSink(new PassThrough())] }, "audit.sinks: expected every sink's name once, got one twice"],
    [{ keys, sinks: [noSink], addresses: 'plain' }, 'audit.addresses: expected "sealed" | "masked", got a string of 5 characters'],
    [{ keys, sinks: [noSink], adresses: 'masked' }, 'audit.adresses: unknown option, did you mean "addresses"?'],
    [{ keys, sinks: [noSink], maxWaiting: 0 }, 'audit.maxWaiting: expected a whole number from 1 to 1000000, got 0'],
    [{ keys, sinks: [noSink], appId: '' }, 'audit.appId: expected a non-empty string, got a string of 0 characters'],
    [{ keys, sinks: [noSink], warn: 'loud' }, 'audit.warn: expected a function, got a string of 4 characters'],
    [{ keys, sinks: [noSink], clock: null }, 'audit.clock: expected an object with nowMs(), monotonicMs(), after(), got null'],
  ])('are refused where they are wrong: %#', (options, message) => {
    expect(configError(options)).toEqual({ code: 'ERR_CONFIG', message });
  });

  it('have the defaults that the documentation names', () => {
    expect(auditDefaults).toEqual({ addresses: 'sealed', maxWaiting: 1_000 });
    expect(Object.isFrozen(auditDefaults)).toBe(true);
    expect(Object.isFrozen(createAuditLog({ keys, sinks: [noSink] }))).toBe(true);
  });
});
