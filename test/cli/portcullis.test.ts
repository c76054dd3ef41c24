import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Portcullis } from 'portcullis';
import { fileSink, type AuditEntry } from 'portcullis/audit';
import { createReadOnlyMode } from 'portcullis/read-only';
import { sqliteStore } from 'portcullis/sqlite';
import type { Operated } from '../../src/cli/parts.ts';
import { configOnSqlite, from, makeFolder, type Folder } from './support.ts';

/** The compiler says whether the command can work with what `createPortcullis` answers. */
export const fits = (portcullis: Portcullis): Operated => portcullis;

/** A whole portcullis on a SQLite file, with an audit log in a file. */
const config = `
import { createKeyRing, createPortcullis } from ${from('index.ts')};
import { fileSink } from ${from('audit/index.ts')};
import { sqliteStore } from ${from('stores/sqlite/index.ts')};

const accounts = Array.from({ length: 5 }, (_, at) => ({ id: 'a' + at, email: 'a' + at + '@example.com', passwordHash: undefined, active: true, needsBreachRecheck: false, hasSecondFactor: false }));

export default () => {
  const store = sqliteStore('store.db');
  return createPortcullis({
    keys: createKeyRing({ keys: [{ id: 'k1', secret: Uint8Array.from({ length: 32 }, (_, at) => at * 5 + 3) }] }),
    baseUrl: 'https://app.example.com',
    accounts: {
      findByIdentifier: async (email: string) => accounts.find((each) => each.email === email),
      findById: async (id: string) => accounts.find((each) => each.id === id),
      create: async () => undefined, replacePasswordHash: async () => false, setBreachRecheck: async () => undefined, setSecondFactor: async () => undefined,
    },
    mailer: { send: async () => undefined },
    counters: store,
    records: store,
    audit: { sinks: [fileSink({ path: 'audit.log' })] },
  });
};
`;

const auditOf = (folder: Folder): readonly AuditEntry[] => readFileSync(join(folder.path, 'audit.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as AuditEntry);

describe('the command on a whole portcullis', () => {
  it('contains an incident, and each order is in the audit log with its name', async () => {
    const folder = makeFolder(config);
    expect((await folder.json('doctor')).answer).toMatchObject({ ok: true });
    expect((await folder.json('contain', '--id', 'october', '--reason', 'x', '--account', 'a1', 'a2', '--notify', 'affected', '--yes')).answer).toMatchObject({ ok: true, report: { complete: true, affected: { total: 2 } } });
    expect((await folder.json('status')).answer).toMatchObject({ ok: true, 'read-only': { switches: [{ level: 'writes' }] }, incidents: [{ id: 'october', complete: true }] });
    expect((await folder.json('lift', '--yes', '--by', 'alice')).answer).toMatchObject({ ok: true, readOnly: 'lifted' });
    const told = auditOf(folder).map(({ event, details }) => [event, details['by']]);
    expect(told).toEqual(expect.arrayContaining([['read-only.changed', 'night-shift'], ['session.epoch-raised', 'night-shift'], ['incident.contained', 'night-shift'], ['read-only.lifted', 'alice'], ['incident.lifted', 'alice']]));
  }, 40_000);

  it('names the flag where the plan asks for what the app has not handed in', async () => {
    const { code, stderr } = await makeFolder(config).run('contain', '--reason', 'x', '--account', 'a1', '--yes');
    expect([code, stderr]).toEqual([2, expect.stringContaining('since incident.pages is not given (--notify affected)') as unknown]);
  });

  it('says so where the order is done and the audit log could not be told, for it is the app\'s own file', async () => {
    const folder = makeFolder(config);
    const held = fileSink({ path: join(folder.path, 'audit.log') });
    onTestFinished(() => held.close());
    await held.write({ time: '2019-10-23T18:20:00.000Z', id: 'x', event: 'sign-out.succeeded', owasp: 'session_expired', level: 'info', outcome: 'success', details: {} });
    const { code, answer } = await folder.json('revoke', '--everyone', '--yes');
    expect([code, answer]).toMatchObject([1, { ok: false, revoked: 'everyone', error: { message: expect.stringMatching(/^done, but .*audit/) as unknown } }]);
  }, 40_000);

  it('switches a process that runs within a second, and goes on where the store is broken only by saying so', async () => {
    const folder = makeFolder(configOnSqlite());
    const records = sqliteStore(join(folder.path, 'store.db'));
    const readOnly = createReadOnlyMode({ records });
    onTestFinished(() => { readOnly.close(); records.close(); });
    expect(await readOnly.ready()).toBe(true);
    const { answer } = await folder.json('read-only', 'on', '--reason', 'x', '--yes');
    const { sinceMs } = answer['switch'] as { readonly sinceMs: number };
    await vi.waitFor(() => { expect(readOnly.standing().level).toBe('writes'); }, { timeout: 5_000, interval: 10 });
    expect(sinceMs).toBeGreaterThan(0);
    expect(readOnly.check({ method: 'POST' })).toMatchObject({ allowed: false, switch: { by: 'night-shift' } });
  });

  it('tells a broken store by its code', async () => {
    const folder = makeFolder(config);
    folder.write('store.db', 'no database at all, but long enough to be looked at as one '.repeat(100));
    const { code, answer } = await folder.json('revoke', '--everyone', '--yes');
    expect([code, answer]).toMatchObject([1, { ok: false, error: { code: expect.stringMatching(/^ERR_(STORE|CONFIG)$/) as unknown, message: expect.stringContaining('portcullis.config.ts failed') as unknown } }]);
  });
});
