import { globSync, readFileSync } from 'node:fs';
import { auditCatalogue, jsonLinesSink, openAddress, type AuditEntry } from 'portcullis/audit';
import { createKeyRing, type EventType, type SecurityEvent } from 'portcullis';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { examples, keys, setup } from './support.ts';

async function entryOf(event: SecurityEvent, options: Parameters<typeof setup>[0] = {}): Promise<AuditEntry> {
  const { log, entries } = setup(options);
  log.emit(event);
  expect(await log.drain(1_000)).toBe(0);
  expect(entries).toHaveLength(1);
  return entries[0] as AuditEntry;
}

// The vocabulary of the OWASP Application Logging Vocabulary cheat sheet.
const owaspName = /^(?:authn|authz|crypt|excess|input|malicious|privilege|sensitive|sequence|session|sys|upload|user)_[a-z_]+$/;

/** The code of every piece. */
const sources = globSync('src/**/*.ts').map((path) => readFileSync(path, 'utf8'));

describe('the catalogue of events', () => {
  it('has exactly the events that the library can report', () => {
    const source = readFileSync('src/ports/events.ts', 'utf8');
    const declared = [...source.matchAll(/^ {2}'([a-z.-]+)': /gm)].map((match) => match[1]);
    expect(declared.length).toBeGreaterThan(30);
    expect(Object.keys(auditCatalogue).sort()).toEqual(declared.sort());
  });

  // ASVS 16.1.1
  it.each(Object.keys(auditCatalogue))('promises no event that nothing reports: %s', (type) => {
    expect(sources.some((source) => source.includes(`type: '${type}'`))).toBe(true);
  });

  // CS-LogVoc
  it.each(Object.entries(auditCatalogue))('has one OWASP name, a level, an outcome and one sentence for %s', (_type, line) => {
    expect(line.owasp).toMatch(owaspName);
    expect(['info', 'warn', 'critical']).toContain(line.level);
    expect(['success', 'failure', 'denied', 'error']).toContain(line.outcome);
    expect(line.meaning).toMatch(/^[A-Z][^\n|]{10,120}\.$/);
    expect(Object.isFrozen(line)).toBe(true);
    expect(Object.isFrozen(line.fields)).toBe(true);
  });
});

describe('an entry', () => {
  // ASVS 16.2.1, 16.2.2, 16.3.1
  it.each(Object.keys(examples) as EventType[])('says who, what, when, where and how it ended for %s', async (type) => {
    const event = examples[type];
    const entry = await entryOf(event, { appId: 'shop' });
    const line = auditCatalogue[type];
    expect(entry).toMatchObject({ time: '2026-01-01T00:00:00.000Z', app: 'shop', event: type, owasp: line.owasp, level: line.level, outcome: line.outcome, account: 'account-1', nameTag: 'tag-of-a-name' });
    expect(entry.id).toMatch(/^[\w-]{12}-1$/);
    expect(openAddress(keys, entry.address ?? '')).toEqual({ ok: true, address: '203.0.113.7' });
    const { type: _type, accountId: _account, nameTag: _tag, address: _address, ...details } = event;
    expect(entry.details).toEqual(details);
    expect(Object.keys(entry.details)).toEqual(Object.keys(line.fields));
  });

  // ASVS 16.3.1
  it('names the factor of every attempt to prove who somebody is', async () => {
    expect((await entryOf(examples['sign-in.succeeded'])).factors).toEqual(['password', 'totp']);
    expect((await entryOf(examples['second-factor.failed'])).factors).toEqual(['totp']);
    for (const type of ['sign-in.failed', 'password-change.failed'] as const) expect((await entryOf(examples[type])).factors).toEqual(['password']);
    for (const type of ['password-reset.succeeded', 'sign-up.failed'] as const) expect((await entryOf(examples[type])).factors).toEqual(['mailed-token']);
    expect(await entryOf(examples['limiter.refused'])).not.toHaveProperty('factors');
  });

  // ASVS 16.3.3
  it('does not say denied of what was only observed', async () => {
    expect((await entryOf(examples['limiter.refused'])).outcome).toBe('denied');
    expect((await entryOf({ ...examples['limiter.refused'], enforced: false })).outcome).toBe('observed');
  });

  it('leaves out what is not known', async () => {
    const entry = await entryOf({ type: 'breach.breaker-closed' });
    expect(Object.keys(entry)).toEqual(['time', 'id', 'event', 'owasp', 'level', 'outcome', 'details']);
    expect(entry.details).toEqual({});
  });

  it('has an id of its own, and the numbers have no gap', async () => {
    const { log, entries } = setup();
    for (let times = 0; times < 3; times += 1) log.emit({ type: 'sign-out.succeeded' });
    log.emit({ type: 'no such event' } as unknown as SecurityEvent);
    log.emit({ type: 'sign-out.succeeded' });
    await log.drain(1_000);
    expect(entries.map(({ id }) => id.slice(13))).toEqual(['1', '2', '3', '4']);
    const other = await entryOf({ type: 'sign-out.succeeded' });
    expect(other.id.slice(0, 12)).not.toBe(entries[0]?.id.slice(0, 12));
  });

  it('cannot be changed by a sink', async () => {
    const entry = await entryOf(examples['password.rejected']);
    for (const part of [entry, entry.details, entry.details['reasons']]) expect(Object.isFrozen(part)).toBe(true);
  });

  it('uses the wall clock, also after it was set back', async () => {
    const { log, entries, clock } = setup();
    clock.setWallMs(Date.UTC(2020, 1, 29, 23, 59, 59, 7));
    log.emit({ type: 'sign-out.succeeded' });
    await log.drain(1_000);
    expect(entries[0]?.time).toBe('2020-02-29T23:59:59.007Z');
  });
});

describe('the address of an entry', () => {
  const at = (address: string): SecurityEvent => ({ type: 'sign-out.succeeded', address });

  it('is sealed: another key, a changed text or plain text does not open it', async () => {
    const { address = '' } = await entryOf(at('2001:db8::7'));
    expect(openAddress(keys, address)).toEqual({ ok: true, address: '2001:db8::7' });
    const stranger = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('another-key-another-key-another-') }] });
    expect(openAddress(stranger, address)).toEqual({ ok: false, reason: 'tampered' });
    expect(openAddress(createKeyRing({ keys: [{ id: 'k2', secret: Buffer.from('another-key-another-key-another-') }] }), address)).toEqual({ ok: false, reason: 'unknown-key' });
    expect(openAddress(keys, keys.seal('token', '2001:db8::7', 'portcullis/audit/address'))).toEqual({ ok: false, reason: 'tampered' });
    expect(openAddress(keys, '203.0.113.7')).toEqual({ ok: false, reason: 'malformed' });
  });

  it('tells nothing by its length, and two seals of one address differ', async () => {
    const sealed = await Promise.all(['1.1.1.1', '203.0.113.207', '2001:db8:1:2:3:4:5:6', '1.1.1.1'].map(async (address) => (await entryOf(at(address))).address ?? ''));
    expect(new Set(sealed.map(({ length }) => length)).size).toBe(1);
    expect(new Set(sealed).size).toBe(4);
  });

  it.each([
    ['203.0.113.207', '203.0.113.0/24'],
    ['::ffff:203.0.113.207', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
  ])('is masked from %s to %s where the app wants it so', async (address, masked) => {
    expect((await entryOf(at(address), { addresses: 'masked' })).address).toBe(masked);
  });

  it.each(['', 'unknown', '203.0.113.7, 10.0.0.1', '1.2.3.4\r\nfake', 'x'.repeat(1_000_000)])('is called invalid where there was none (%#)', async (address) => {
    for (const addresses of ['sealed', 'masked'] as const) expect((await entryOf(at(address), { addresses })).address).toBe('invalid');
  });
});

describe('the text of an entry', () => {
  const written = async (accountId: string): Promise<string | undefined> => (await entryOf({ type: 'sign-out.succeeded', accountId })).account;

  // ASVS 16.4.1
  it.each([
    ['a new line', 'a\r\nb', 'a<U+000D><U+000A>b'],
    ['the separators of lines and paragraphs', 'a\u2028b\u2029c\u0085d', 'a<U+2028>b<U+2029>c<U+0085>d'],
    ['a terminal sequence', '\u001b[31mred\u009b0m', '<U+001B>[31mred<U+009B>0m'],
    ['NUL and DEL', 'a\0b\u007fc', 'a<U+0000>b<U+007F>c'],
    ['bidi overrides and isolates', 'a\u202eb\u2066c\u200fd\u061ce', 'a<U+202E>b<U+2066>c<U+200F>d<U+061C>e'],
    ['zero width characters and tags', 'a\u200bb\ufeffc\u{e0041}d', 'a<U+200B>b<U+FEFF>c<U+E0041>d'],
    ['lone surrogates', 'a\ud800b', 'a<U+D800>b'],
  ])('neutralizes %s', async (_what, given, safe) => {
    expect(await written(given)).toBe(safe);
  });

  it('keeps letters of every script', async () => {
    expect(await written('Zoë-дом-家-😀')).toBe('Zoë-дом-家-😀');
  });

  it('cuts at 256 characters, never through the middle of one', async () => {
    expect(await written('x'.repeat(256))).toBe('x'.repeat(256));
    expect(await written('x'.repeat(257))).toBe(`${'x'.repeat(255)}…`);
    expect(await written('\n'.repeat(10_000_000))).toHaveLength(256);
    const emoji = await written('😀'.repeat(300));
    expect(emoji?.isWellFormed()).toBe(true);
    expect(emoji?.length).toBeLessThanOrEqual(256);
  });

  it('keeps at most twenty texts of a list, and no list within it', async () => {
    const reasons = ['a\nb', ['deep'], { deeper: { still: 1 } }, ...new Array<string>(1_000).fill('r')];
    const entry = await entryOf({ ...examples['password.rejected'], reasons } as SecurityEvent);
    expect(entry.details['reasons']).toEqual(['a<U+000A>b', ...new Array<string>(17).fill('r')]);
  });
});

describe('what never gets into an entry', () => {
  const canary = 'canary-9f2c-kestrel';

  // ASVS 16.2.5
  it.each(Object.keys(examples) as EventType[])('a field that %s does not have, whatever its name', async (type) => {
    const extra = { password: canary, token: canary, code: canary, email: canary, [canary]: canary, details: { password: canary }, toJSON: () => canary, message: canary };
    expect(JSON.stringify(await entryOf({ ...examples[type], ...extra }))).not.toContain(canary);
  });

  it.each(Object.keys(examples) as EventType[])('a plain network address, for %s', async (type) => {
    expect(JSON.stringify(await entryOf(examples[type]))).not.toContain('203.0.113');
  });

  it('an e-mail address in an account id, an error or another text', async () => {
    const account = await entryOf({ type: 'sign-out.succeeded', accountId: 'kestrel@example.org' });
    expect(account.account).toMatch(/^tag:[\w-]{22}$/);
    expect((await entryOf({ type: 'sign-out.succeeded', accountId: 'kestrel@example.org' })).account).toBe(account.account);
    const failed = await entryOf({ type: 'deferred.failed', job: 'mail', error: 'no such user <kestrel@example.org>, sorry' });
    expect(failed.details['error']).toBe('no such user <<address>>, sorry');
  });

  it('a value of another kind than the catalogue names', async () => {
    const event = { type: 'breach.found', flow: { password: canary }, count: Number.NaN, accountId: 7, nameTag: [canary], address: { canary } } as unknown as SecurityEvent;
    expect(Object.keys(await entryOf(event))).not.toContain('account');
    expect((await entryOf(event)).details).toEqual({});
  });
});

describe('the JSON lines sink', () => {
  // ASVS 16.4.1, 16.2.4
  it('writes one line of plain JSON for each entry, whatever the texts are', async () => {
    const stream = new PassThrough();
    const { log } = setup({ sinks: [jsonLinesSink(stream)] });
    const nasty = '"}\n{"event":"sign-in.succeeded"}\r\u2028\u0085\u001b[2J\u202e\\';
    log.emit({ type: 'sign-in.failed', reason: 'wrong-password', accountId: nasty, nameTag: nasty });
    log.emit(examples['password.rejected']);
    await log.drain(1_000);
    stream.end();
    const text = (await stream.toArray()).join('');
    expect(text.replaceAll('\n', '')).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);
    const lines = text.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('');
    expect(lines.slice(0, 2).map((line) => (JSON.parse(line) as AuditEntry).event)).toEqual(['sign-in.failed', 'password.rejected']);
  });
});
