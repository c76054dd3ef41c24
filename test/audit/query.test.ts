import { appendFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { createKeyRing, type SecurityEvent } from 'portcullis';
import { auditEntries, auditQuery, auditQueryDefaults, createAuditLog, type AuditEntry, type AuditLogOptions, type AuditQueryOptions, type AuditQueryResult } from 'portcullis/audit';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { entryFor, freshLog, linesOf, openSink, write } from './file-support.ts';
import { keys } from './support.ts';

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

/** Writes events, an hour apart. */
async function record(path: string, events: readonly SecurityEvent[], options: Partial<AuditLogOptions> = {}): Promise<void> {
  const clock = fakeClock(startMs);
  const entries: AuditEntry[] = [];
  const log = createAuditLog({ keys, sinks: [(entry: AuditEntry) => void entries.push(entry)], clock, ...options });
  for (const event of events) {
    log.emit(event);
    clock.setWallMs(clock.nowMs() + hourMs);
  }
  await clock.advance(10);
  const sink = openSink(path, { maxBytes: 4096, maxFiles: 100 });
  for (const entry of entries) await sink.write(entry);
  await sink.close();
}

const signedIn = (accountId: string, address: string): SecurityEvent => ({ type: 'sign-in.succeeded', accountId, address, pathway: 'password', proofs: ['password'], stage: 'full', knownDevice: false });
const failed = (accountId: string, address: string): SecurityEvent => ({ type: 'sign-in.failed', accountId, address, reason: 'wrong-password' });

/** An attack from one network and one address of another, and people. */
const story: readonly SecurityEvent[] = [
  signedIn('ann', '192.0.2.10'),
  failed('ann', '203.0.113.7'),
  failed('bob', '203.0.113.8'),
  signedIn('bob', '203.0.113.9'),
  signedIn('cleo', '2001:db8:bad::1'),
  signedIn('dora', '198.51.100.4'),
  { type: 'email-change.succeeded', accountId: 'bob', address: '203.0.113.9' },
  signedIn('ann', '192.0.2.10'),
];

async function ask(path: string, more: Partial<AuditQueryOptions>): Promise<AuditQueryResult> {
  return auditQuery({ keys, path, ...more });
}

const what = ({ entries }: AuditQueryResult): readonly string[] => entries.map(({ event, account = '' }) => `${account} ${event}`);

// ASVS 5.0 16.2.1, 16.2.2
describe('a question to the log', () => {
  it('says what an account did, in order, over all files', async () => {
    const path = freshLog();
    await record(path, [...story, ...Array.from({ length: 30 }, (_, turn) => failed(`other-${turn}`, '192.0.2.1')), signedIn('bob', '192.0.2.77')]);
    const found = await ask(path, { account: 'bob' });
    expect(found.files.length).toBeGreaterThan(2);
    expect(what(found)).toEqual(['bob sign-in.failed', 'bob sign-in.succeeded', 'bob email-change.succeeded', 'bob sign-in.succeeded']);
    expect(found.accounts).toEqual([{ account: 'bob', entries: 4, firstTime: '2026-01-01T02:00:00.000Z', lastTime: '2026-01-02T14:00:00.000Z' }]);
    expect(found).toMatchObject({ matched: 4, moreAccounts: false, unreadable: 0 });
  });

  it('says who came from these sources between two times, and got in', async () => {
    const path = freshLog();
    await record(path, story);
    const sources = ['203.0.113.0/24', '2001:db8:bad::/48', '192.0.2.99'];
    const found = await ask(path, { sources, gotIn: true });
    expect(found.accounts.map(({ account }) => account)).toEqual(['bob', 'cleo']);
    expect(found.entries.map(({ source }) => source)).toEqual(['address', 'address']);
    expect((await ask(path, { sources, gotIn: true, fromMs: startMs + 4 * hourMs })).accounts.map(({ account }) => account)).toEqual(['cleo']);
    expect((await ask(path, { sources, gotIn: true, toMs: startMs + 4 * hourMs })).accounts.map(({ account }) => account)).toEqual(['bob']);
    expect(what(await ask(path, { sources: ['203.0.113.7'] }))).toEqual(['ann sign-in.failed']);
    expect(what(await ask(path, { sources: ['0.0.0.0/0'], events: ['email-change.succeeded'] }))).toEqual(['bob email-change.succeeded']);
  });

  it('finds an IPv4 address that a socket wrote as IPv6', async () => {
    const path = freshLog();
    await record(path, [signedIn('ann', '::ffff:203.0.113.7'), signedIn('bob', '203.0.113.7'), signedIn('cleo', 'fe80::1%eth0')]);
    for (const source of ['203.0.113.7', '::ffff:203.0.113.7', '::ffff:cb00:7107', '203.0.113.0/29']) expect(what(await ask(path, { sources: [source] }))).toHaveLength(2);
    expect(what(await ask(path, { sources: ['fe80::/10'] }))).toEqual(['cleo sign-in.succeeded']);
  });

  it('says of a masked log that the network fits, and no more', async () => {
    const path = freshLog();
    await record(path, story, { addresses: 'masked' });
    const found = await ask(path, { sources: ['203.0.113.200'], gotIn: true });
    expect(found.entries).toMatchObject([{ account: 'bob', source: 'network', address: '203.0.113.0/24' }]);
    expect(await ask(path, { sources: ['203.0.0.0/16'], gotIn: true })).toMatchObject({ matched: 1 });
    expect(await ask(path, { sources: ['203.0.112.255'] })).toMatchObject({ matched: 0 });
  });

  it('finds an account whose id looks like an e-mail address, under every key', async () => {
    const path = freshLog();
    await record(path, [signedIn('kestrel@example.org', '192.0.2.1')]);
    const newer = createKeyRing({ keys: [{ id: 'k2', secret: Buffer.from('another-key-another-key-another-') }, { id: 'k1', secret: Buffer.from('0123456789abcdef0123456789abcdef') }] });
    expect(await ask(path, { keys: newer, account: 'kestrel@example.org' })).toMatchObject({ matched: 1 });
    expect(JSON.stringify(await ask(path, { account: 'kestrel@example.org' }))).not.toContain('kestrel');
  });

  it('tells so many entries and accounts and counts the others', async () => {
    const path = freshLog();
    await write(path, 50);
    const found = await ask(path, { maxEntries: 3, maxAccounts: 5 });
    expect(found.entries.map(({ account }) => account)).toEqual(['account-0', 'account-1', 'account-2']);
    expect(found).toMatchObject({ matched: 50, moreAccounts: true });
    expect(found.accounts).toHaveLength(5);
  });

  it('misses nothing of a log that is being rotated', async () => {
    const path = freshLog();
    const sink = openSink(path, { maxBytes: 4096, maxFiles: 10_000 });
    const entry = await entryFor();
    const state = { going: true, written: 0 };
    const writing = (async () => {
      while (state.going) {
        await sink.write({ ...entry, time: new Date(startMs + state.written).toISOString(), account: `account-${state.written}` });
        state.written += 1;
      }
    })();
    for (let turn = 0; turn < 20; turn += 1) {
      const before = state.written;
      const { accounts } = await ask(path, { maxAccounts: 1_000_000 });
      expect(accounts.length).toBeGreaterThanOrEqual(before);
      expect(accounts.map(({ account }) => account)).toEqual(accounts.map((_, index) => `account-${index}`));
    }
    state.going = false;
    await writing;
  });

  it('reads a chained log as well', async () => {
    const path = freshLog();
    await write(path, 5, { chain: { keys } });
    const found = await ask(path, { account: 'account-3' });
    expect(found.entries).toHaveLength(1);
    expect(Object.keys(found.entries[0] ?? {})).not.toContain('chain');
  });
});

// ASVS 5.0 16.2.5, 16.4.2, 14.2.6
describe('an address in an answer', () => {
  it('is masked', async () => {
    const path = freshLog();
    await record(path, story);
    const found = await ask(path, {});
    expect(found.entries.map(({ address }) => address)).toEqual(['192.0.2.0/24', '203.0.113.0/24', '203.0.113.0/24', '203.0.113.0/24', '2001:db8:bad::/48', '198.51.100.0/24', '203.0.113.0/24', '192.0.2.0/24']);
    expect(found.entries.every((entry) => !('source' in entry))).toBe(true);
  });

  it('is shown to whoever says who they are and why, and that is itself an event', async () => {
    const path = freshLog();
    await record(path, story);
    const events: SecurityEvent[] = [];
    const found = await ask(path, { account: 'bob', reveal: { by: 'operator-1', reason: 'attack', emit: (event) => void events.push(event) } });
    expect(found.entries.map(({ address }) => address)).toEqual(['203.0.113.8', '203.0.113.9', '203.0.113.9']);
    expect(events).toEqual([{ type: 'audit.revealed', by: 'operator-1', reason: 'attack', count: 3 }]);
  });

  it('is shown to nobody when that event cannot be told', async () => {
    const path = freshLog();
    await record(path, story);
    const reveal = { by: 'operator-1', reason: 'attack', emit: () => { throw new Error('down'); } };
    await expect(ask(path, { reveal })).rejects.toThrow('down');
  });

  it('is never shown by the stream of entries, which reports nothing', async () => {
    const path = freshLog();
    await record(path, story);
    const streamed = async (options: object): Promise<readonly (string | undefined)[]> => {
      const addresses: (string | undefined)[] = [];
      for await (const { address } of auditEntries({ keys, path, ...options })) addresses.push(address);
      return addresses;
    };
    expect(await streamed({ account: 'bob' })).toEqual(['203.0.113.0/24', '203.0.113.0/24', '203.0.113.0/24']);
    await expect(streamed({ reveal: { by: 'operator-1', reason: 'attack', emit: () => undefined } })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });

  it('is counted only where it was shown', async () => {
    const path = freshLog();
    await record(path, story);
    const events: SecurityEvent[] = [];
    const reveal = { by: 'operator-1', reason: 'attack', emit: (event: SecurityEvent) => void events.push(event) };
    await ask(path, { maxEntries: 2, reveal });
    await ask(path, { account: 'nobody', reveal });
    expect(events).toMatchObject([{ count: 2 }, { count: 0 }]);
  });

  it('stays sealed without its key, and is then none of the sources', async () => {
    const path = freshLog();
    await record(path, story);
    const stranger = createKeyRing({ keys: [{ id: 'k9', secret: Buffer.from('another-key-another-key-another-') }] });
    expect(new Set((await ask(path, { keys: stranger })).entries.map(({ address }) => address))).toEqual(new Set(['sealed']));
    expect(await ask(path, { keys: stranger, sources: ['0.0.0.0/0', '::/0'] })).toMatchObject({ matched: 0 });
  });
});

describe('a file that holds other things than entries', () => {
  it('is read around them', async () => {
    const path = freshLog();
    await write(path, 2);
    appendFileSync(path, `nonsense\n\n{"event":"sign-in.succeeded"}\n[]\n7\nnull\n${'x'.repeat(11_000_000)}\n`);
    await write(path, 1);
    expect(await ask(path, {})).toMatchObject({ matched: 3, unreadable: 7 });
  });

  // ASVS 5.0 16.4.1
  it('shows nothing that colors a terminal or reads another way', async () => {
    const path = freshLog();
    const entry = await entryFor();
    const hostile = '\u001b[31m\u202e\n';
    const line = { ...entry, event: hostile, account: hostile, app: hostile, address: hostile, factors: [hostile], details: { [hostile]: hostile, list: [hostile], __proto__: 1 }, [hostile]: { deep: hostile } };
    writeFileSync(path, `${JSON.stringify(line)}\n`);
    const found = await ask(path, {});
    expect(found.matched).toBe(1);
    expect(JSON.stringify(found.entries)).not.toMatch(/\\u001b|\\n|\u202e/);
    expect(Object.keys(found.entries[0] ?? {})).toEqual(['time', 'id', 'app', 'event', 'owasp', 'level', 'outcome', 'account', 'address', 'factors', 'details']);
  });

  it('whatever they are: any line is an entry of the right form, or counted', async () => {
    const path = freshLog();
    await write(path, 1);
    const whole = linesOf(path)[0] ?? '';
    const entry = JSON.parse(whole) as Record<string, unknown>;
    const line = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.nat({ max: whole.length }).map((length) => whole.slice(0, length)),
      fc.record({ field: fc.constantFrom(...Object.keys(entry), 'factors', '__proto__', 'chain'), value: fc.jsonValue() }).map(({ field, value }) => JSON.stringify({ ...entry, [field]: value })),
    );
    await fc.assert(fc.asyncProperty(line, async (text) => {
      writeFileSync(path, `${text.replaceAll(/[\n\r]/g, ' ')}\n`);
      const { matched, unreadable, entries } = await ask(path, {});
      expect(matched + unreadable).toBe(1);
      for (const found of entries) {
        expect([found.time, found.id, found.event].map((value) => typeof value)).toEqual(['string', 'string', 'string']);
        expect(typeof found.details).toBe('object');
      }
    }), { numRuns: 300 });
  });

  it('and an unfinished last line is not waited for', async () => {
    const path = freshLog();
    await write(path, 2);
    appendFileSync(path, '{"time":');
    expect(await ask(path, {})).toMatchObject({ matched: 2, unreadable: 1 });
  });
});

describe('the options of auditQuery', () => {
  it.each([
    [{ path: 'a' }, 'auditQuery.keys: expected what createKeyRing() makes, got nothing'],
    [{ keys }, 'auditQuery: expected path or paths'],
    [{ keys, path: 'a', account: '' }, 'auditQuery.account: expected a non-empty string, got a string of 0 characters'],
    [{ keys, path: 'a', sources: [] }, 'auditQuery.sources: expected an array of 1 to 10000 addresses or networks, got an array of 0'],
    [{ keys, path: 'a', maxEntries: 0 }, 'auditQuery.maxEntries: expected a whole number from 1 to 100000, got 0'],
    [{ keys, path: 'a', reveal: { by: 'a', emit: () => undefined } }, 'auditQuery.reveal.reason: expected a non-empty string, got nothing'],
    [{ keys, path: 'a', reveal: { by: 'a', reason: 'b' } }, 'auditQuery.reveal.emit: expected a function, got nothing'],
  ])('are refused where they are wrong: %#', async (options, message) => {
    await expect(auditQuery(options as AuditQueryOptions)).rejects.toMatchObject({ code: 'ERR_CONFIG', message });
  });

  it.each(['', 'ann', '203.0.113', '203.0.113.0/33', '203.0.113.0/-1', '203.0.113.0/08', '203.0.113.0/2 ', '2001:db8::/129', '1.2.3.4/8/8', '::ffff:1.2.3.0/120', 7, null, 'x'.repeat(1_000_000)])('a source must be an address or a network: %#', async (source) => {
    await expect(auditQuery({ keys, path: 'a', sources: [source] } as AuditQueryOptions)).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringMatching(/^auditQuery\.sources\[0\]: expected a network address/) as string });
  });

  it('have the defaults that the documentation names', () => {
    expect(auditQueryDefaults).toEqual({ gotIn: false, maxEntries: 1_000, maxAccounts: 10_000 });
    expect(Object.isFrozen(auditQueryDefaults)).toBe(true);
  });
});
