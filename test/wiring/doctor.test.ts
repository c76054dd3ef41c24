import { describe, expect, it } from 'vitest';
import { memoryStore } from 'portcullis';
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
    expect(levels).toMatchObject({ 'records': 'ok', 'records.durable': 'bad', 'counters': 'ok', 'keys': 'ok', 'read-only': 'warn', 'audit': 'warn', 'incident.pages': 'warn', 'incident.signIns': 'warn' });
    expect((await kit.value(kit.portcullis.doctor())).ok).toBe(false);
  });

  it('says what the guard against strangers lacks: evidence of all processes, its part in the answers, and somebody who is told', async () => {
    const store = openStore(freshPath());
    const alone = makeKit({ records: store, counters: store, loginGuard: { mode: 'observe' } });
    expect(await levelsOf(alone)).toMatchObject({ 'counters.shared': 'ok', 'evidence.shared': 'warn', loginGuard: 'warn', detect: 'warn' });
    const together = { ...memoryStore(), shared: true };
    for (const detect of [{ onAlarm: () => undefined }, { sinks: [{ name: 'pager', send: () => Promise.resolve() }] }]) {
      const levels = await levelsOf(makeKit({ records: store, counters: store, evidence: together, detect }));
      expect(levels).toMatchObject({ 'evidence.shared': 'ok' });
      expect(Object.keys(levels)).not.toEqual(expect.arrayContaining(['loginGuard']));
      expect(Object.keys(levels)).not.toEqual(expect.arrayContaining(['detect']));
    }
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

  it('asks stores that can look at their servers, each once, and what they find counts', async () => {
    const store = openStore(freshPath());
    let asked = 0;
    const inspected = Object.assign({ ...store }, {
      inspect() {
        asked += 1;
        return Promise.resolve({ durable: false, findings: [{ level: 'bad' as const, check: 'persistence', detail: 'the server keeps nothing on the disk' }] });
      },
    });
    const kit = makeKit({ records: inspected, counters: inspected, processes: 2 });
    const { ok, findings } = await kit.value(kit.portcullis.doctor());
    expect([ok, asked]).toEqual([false, 1]);
    expect(findings).toContainEqual({ level: 'bad', check: 'records.persistence', detail: 'the server keeps nothing on the disk' });
    expect(findings.map(({ check }) => check)).not.toContain('processes');
  });

  it.each<readonly [string, () => Promise<never>]>([['fails', () => Promise.reject(new Error('redis://:secret@host'))], ['never ends', () => new Promise<never>(() => undefined)]])('says that a look at a server %s, and no secret', async (_what, inspect) => {
    const store = openStore(freshPath());
    const kit = makeKit({ records: Object.assign({ ...store }, { inspect }), counters: store });
    const { findings } = await kit.value(kit.portcullis.doctor());
    expect(findings.find(({ check }) => check === 'records.inspect')).toMatchObject({ level: 'bad' });
    expect(findings.find(({ check }) => check === 'processes')).toMatchObject({ level: 'warn' });
    expect(JSON.stringify(findings)).not.toContain('secret');
  });
});
