import { describe, expect, it } from 'vitest';
import { makeKit } from '../support/kit.ts';
import { freshPath, openStore } from '../stores/sqlite-support.ts';

async function levelsOf(kit: ReturnType<typeof makeKit>): Promise<Readonly<Record<string, string>>> {
  const { findings } = await kit.value(kit.portcullis.doctor());
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]));
}

describe('doctor', () => {
  it('finds nothing bad in an app with a durable store, an audit log and pages of its table', async () => {
    const store = openStore(freshPath());
    const kit = makeKit({ records: store, counters: store, readOnly: {}, challenge: { strangers: 'mail' }, audit: { sinks: [() => undefined] }, incident: { pages: () => Promise.resolve({ accounts: [], next: undefined }), auditPath: freshPath() } });
    const report = await kit.value(kit.portcullis.doctor());
    expect(report.findings.filter(({ level }) => level === 'bad')).toEqual([]);
    expect(report.ok).toBe(true);
    await kit.portcullis.close();
  });

  it('names records that end with the process, and what contain() will lack', async () => {
    const kit = makeKit();
    const levels = await levelsOf(kit);
    expect(levels).toMatchObject({ 'records': 'ok', 'records.durable': 'bad', 'counters': 'ok', 'keys': 'ok', 'read-only': 'warn', 'audit': 'warn', 'incident.pages': 'warn', 'incident.signIns': 'warn', 'challenge.strangers': 'warn' });
    expect((await kit.value(kit.portcullis.doctor())).ok).toBe(false);
  });

  it.each([
    ['is gone', { read: () => Promise.reject(new Error('ada@example.com')), compareAndSet: () => Promise.reject(new Error('ada@example.com')) }],
    ['never answers', { read: () => new Promise<never>(() => undefined), compareAndSet: () => new Promise<never>(() => undefined) }],
    ['lies', { read: () => Promise.resolve({ value: 'nonsense', version: 1 }), compareAndSet: () => Promise.resolve(1 as unknown as boolean) }],
  ])('says so where the record store %s, and tells no secret', async (_what, broken) => {
    const kit = makeKit({ records: { durable: true, watch: () => () => undefined, ...broken }, readOnly: {} });
    const { value } = await kit.run(kit.portcullis.doctor());
    expect(value.ok).toBe(false);
    expect(value.findings.find(({ check }) => check === 'records')).toMatchObject({ level: 'bad' });
    expect(JSON.stringify(value)).not.toContain('ada@');
    await kit.portcullis.close();
  });

  it('says that the app is read-only, and leaves nothing behind in the store', async () => {
    const store = openStore(freshPath());
    const kit = makeKit({ records: store, counters: store, readOnly: {} });
    await kit.portcullis.readOnly.set({ level: 'writes', reason: 'An incident', by: 'operator-1' });
    expect(await levelsOf(kit)).toMatchObject({ 'read-only': 'warn', 'records.durable': 'ok' });
    await kit.portcullis.close();
  });
});
