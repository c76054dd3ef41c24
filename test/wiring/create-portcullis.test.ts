import { describe, expect, it } from 'vitest';
import { createPortcullis, type PortcullisOptions } from 'portcullis';
import { facts, goodPassword, keyRing, makeKit, memoryTable, swiftEngine } from '../support/kit.ts';

const table = memoryTable();
const mailer = { send: async () => undefined };
const least: PortcullisOptions = { keys: keyRing, baseUrl: 'https://app.example.com', accounts: table, mailer };

describe('createPortcullis', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a misspelt option', { acounts: table }, 'portcullis.acounts: unknown option, did you mean "accounts"?'],
    ['a misspelt option of a piece', { hasher: { paramters: {} } }, 'hasher.paramters: unknown option, did you mean "parameters"?'],
    ['a misspelt option of the range service', { breach: { rangeService: { userAgnet: 'x' } } }, 'rangeService.userAgnet: unknown option, did you mean "userAgent"?'],
    ['a misspelt limit', { limits: { signin: {} } }, 'portcullis.limits.signin: unknown option, did you mean "signIn"?'],
    ['a misspelt rule', { limits: { signIn: { adress: { limit: 1, windowMs: 1_000 } } } }, 'portcullis.limits.signIn.adress: unknown option, did you mean "address"?'],
    ['a misspelt number of a rule', { limits: { signIn: { address: { max: 4, windowMs: 1_000 } } } }, 'portcullis.limits.signIn.address.max: unknown option; known: limit, windowMs, burst, onStoreFailure'],
    ['an http address', { baseUrl: 'http://app.example.com' }, 'portcullis.baseUrl: expected https:; http: needs dangerouslyAllowHttp'],
    ['a password in the address', { baseUrl: 'https://:secret@app.example.com' }, 'portcullis.baseUrl: expected an https: address without credentials, query or fragment, got a string of 31 characters'],
    ['an empty query', { baseUrl: 'https://app.example.com?' }, 'portcullis.baseUrl: expected an https: address without credentials, query or fragment, got a string of 24 characters'],
    ['white space around the address', { baseUrl: ' https://app.example.com' }, 'portcullis.baseUrl: expected an https: address without credentials, query or fragment, got a string of 24 characters'],
    ['no address', { baseUrl: 'app.example.com' }, 'portcullis.baseUrl: expected an https: address without credentials, query or fragment, got a string of 15 characters'],
    ['a path to another site', { paths: { reset: '//evil.example' } }, 'portcullis.paths.reset: expected a path that begins with one slash, got a string of 14 characters'],
    ['null', { mailer: null }, 'portcullis.mailer: expected an object with send(), got null'],
    ['no keys', { keys: undefined }, 'portcullis.keys: expected what createKeyRing() makes, got nothing'],
    ['a table that lacks a verb', { accounts: { findById: () => undefined } }, 'portcullis.accounts: expected an object with findByIdentifier(), findById(), create(), replacePasswordHash(), setBreachRecheck(), setSecondFactor(), got one without findByIdentifier(), create(), replacePasswordHash(), setBreachRecheck(), setSecondFactor()'],
    ['argon2id below its floor', { hasher: { parameters: { memoryKiB: 1_024, passes: 2, lanes: 1 } } }, 'hasher.parameters.memoryKiB: expected at least 19456 with 2 passes (ASVS 5.0 appendix C), got 1024'],
  ])('refuses %s and names it', (_what, wrong, message) => {
    expect(() => createPortcullis({ ...least, ...wrong })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
  });

  it('refuses no options at all as it refuses wrong ones', () => {
    for (const nothing of [undefined, null, 'x']) expect(() => createPortcullis(nothing as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }) as Error);
  });

  it('takes http on this machine, and elsewhere only when told that it is dangerous', () => {
    for (const baseUrl of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000']) expect(() => createPortcullis({ ...least, baseUrl })).not.toThrow();
    expect(createPortcullis({ ...least, baseUrl: 'http://app.example.com/base/', dangerouslyAllowHttp: true }).origin).toBe('http://app.example.com');
  });

  it('neither keeps nor changes the options it was given', async () => {
    const limits = { signIn: { account: { limit: 1, windowMs: 60_000 } } };
    const kit = makeKit({ limits });
    limits.signIn.account.limit = 1_000;
    for (const status of [401, 429]) {
      expect(await kit.value(kit.portcullis.signIn.attempt({ identifier: 'a@example.com', password: 'x', facts }))).toMatchObject({ reply: { status } });
    }
  });

  it('puts every event into the audit log and the app\'s hook, and neither can hurt a sign-in', async () => {
    const entries: string[] = [];
    const kit = makeKit({
      audit: { sinks: [(entry) => void entries.push(JSON.stringify(entry))] },
      onEvent: () => {
        throw new Error('a bug in the hook');
      },
    });
    await kit.plant({ email: 'ada@example.com', password: goodPassword });
    expect(await kit.value(kit.portcullis.signIn.attempt({ identifier: 'ada@example.com', password: goodPassword, facts }))).toMatchObject({ outcome: 'signed-in' });
    await kit.value(kit.portcullis.close());
    expect(entries.join('\n')).toContain('"event":"sign-in.succeeded"');
    expect(entries.join('\n')).not.toContain('192.0.2.10');
  });

  it('warms up without a store, a network or an error', async () => {
    const portcullis = createPortcullis({ ...least, hasher: { engine: swiftEngine() } });
    await expect(portcullis.warmUp()).resolves.toBeUndefined();
    expect(await portcullis.close()).toBe(0);
  });

  it('closes within the time it was given, whatever hangs', async () => {
    const kit = makeKit({
      mailer: { send: () => new Promise<void>(() => undefined) },
      audit: { sinks: [() => new Promise<void>(() => undefined)] },
    });
    await kit.value(kit.portcullis.signUp.request({ identifier: 'new@example.com', password: goodPassword, facts }));
    const { value, tookMs } = await kit.run(kit.portcullis.close(1_000));
    expect(tookMs).toBeLessThanOrEqual(1_000);
    expect(value).toBeGreaterThan(0);
  });

  it('waits at its close for the mails that are due', async () => {
    const kit = makeKit();
    await kit.value(kit.portcullis.signUp.request({ identifier: 'new@example.com', password: goodPassword, facts }));
    expect(await kit.value(kit.portcullis.close())).toBe(0);
    expect(kit.mails).toHaveLength(1);
  });
});
