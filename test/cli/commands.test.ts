import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { configOnSqlite, makeFolder, type Folder } from './support.ts';

const eventsOf = (folder: Folder): readonly Record<string, unknown>[] =>
  readFileSync(join(folder.path, 'events.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe('portcullis read-only', () => {
  it('switches on for everyone, says so, and is off again; each order names who gave it', async () => {
    const folder = makeFolder(configOnSqlite());
    const on = await folder.run('read-only', 'on', '--reason', 'we look into it', '--yes');
    expect([on.code, on.stdout]).toEqual([0, expect.stringMatching(/^Read-only: writes for everyone, since \d{4}-\d\d-\d\d .*until it is lifted, by night-shift: we look into it\n/)]);
    const { answer } = await folder.json('read-only', 'status');
    expect(answer).toMatchObject({ ok: true, switches: [{ level: 'writes', scope: { kind: 'everyone' }, reason: 'we look into it', by: 'night-shift' }] });
    expect(await folder.json('read-only', 'off', '--yes', '--by', 'alice')).toEqual({ code: 0, answer: { ok: true, lifted: true, switches: [] } });
    expect((await folder.run('read-only', 'status')).stdout).toBe('off\n');
    expect(eventsOf(folder)).toEqual([
      expect.objectContaining({ type: 'read-only.changed', by: 'night-shift', level: 'writes' }),
      expect.objectContaining({ type: 'read-only.lifted', by: 'alice' }),
    ]);
  });

  it('takes a level, an end and one organization or account, without a question', async () => {
    const folder = makeFolder(configOnSqlite());
    expect((await folder.run('read-only', 'on', '--level', 'all', '--for', '2h', '--organization', 'acme', '--reason', 'theirs')).code).toBe(0);
    expect((await folder.run('read-only', 'on', '--user', 'u1', '--reason', 'his')).code).toBe(0);
    const { answer } = await folder.json('read-only', 'status');
    const [first, second] = answer['switches'] as readonly { readonly level: string; readonly sinceMs: number; readonly untilMs?: number; readonly scope: unknown }[];
    expect(first).toMatchObject({ level: 'all', scope: { kind: 'organization', id: 'acme' } });
    expect((first?.untilMs ?? 0) - (first?.sinceMs ?? 0)).toBe(2 * 3_600_000);
    expect(second).toMatchObject({ level: 'writes', scope: { kind: 'user', id: 'u1' } });
    expect((await folder.run('read-only', 'off', '--organization', 'acme')).stdout).toBe('Lifted for organization acme.\nStill on: writes for user u1.\n');
    expect((await folder.run('read-only', 'off', '--organization', 'acme')).stdout).toContain('It was not on for organization acme.');
  });

  it('shows what is in the store without the codes that color a terminal or turn text around', async () => {
    const folder = makeFolder(`export default { readOnly: { status: async () => [{ level: 'all', scope: { kind: 'user', id: 'a\\u001b[2J' }, reason: 'x\\u202Ey\\nz', by: '\\u009b31m', sinceMs: 0 }] }, close: async () => 0 };`);
    const { stdout } = await folder.run('read-only', 'status');
    expect(stdout).toContain('user a<U+001B>[2J');
    expect(stdout).toContain('by <U+009B>31m: x<U+202E>y<U+000A>z\n');
    const raw = (await folder.run('read-only', 'status', '--json')).stdout;
    expect(raw).toMatch(/^[\n\x20-\x7e]*$/);
    expect(JSON.parse(raw)).toMatchObject({ switches: [{ reason: 'x\u202Ey\nz', by: '\u009b31m' }] });
  });
});

describe('portcullis revoke', () => {
  it('ends everybody\'s sessions after a yes, and status says when', async () => {
    const folder = makeFolder(configOnSqlite());
    expect(await folder.json('status')).toEqual({ code: 0, answer: { ok: true, 'read-only': { switches: [] }, sessions: { everyoneEndedMs: null }, incidents: null } });
    expect(await folder.json('revoke', '--everyone', '--yes')).toEqual({ code: 0, answer: { ok: true, revoked: 'everyone' } });
    const { stdout } = await folder.run('status');
    expect(stdout).toMatch(/^read-only {2}off\nsessions {3}everyone's ended \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(\d+ s ago\)\nincidents {2}not set up\n$/);
    expect(eventsOf(folder)).toEqual([expect.objectContaining({ type: 'session.epoch-raised', scope: 'everyone', by: 'night-shift' })]);
  });

  it('ends those of an organization, and of the accounts that are named', async () => {
    const folder = makeFolder(configOnSqlite());
    expect((await folder.run('revoke', '--organization', 'acme', '--yes')).stdout).toBe('All sessions of the members of acme have ended.\n');
    expect(await folder.json('revoke', '--user', 'u1', 'u2', '--user', 'u3')).toEqual({ code: 0, answer: { ok: true, done: 3, already: 0, failed: 0, failures: [] } });
    expect(eventsOf(folder).map(({ scope, id, accountId }) => [scope, id ?? accountId])).toEqual([['organization', 'acme'], ['user', 'u1'], ['user', 'u2'], ['user', 'u3']]);
  });

  it('does the others when one fails, and says which', async () => {
    const folder = makeFolder("export default { epochs: { revokeUser: async ({ accountId }) => { if (accountId === 'u2') throw new Error('disk full'); } }, close: async () => 0 };", 'portcullis.config.mjs');
    const { code, stdout } = await folder.run('revoke', '--user', 'u1', 'u2', 'u3');
    expect([code, stdout]).toEqual([1, 'sessions ended: 2 accounts, 1 failed.\nfailed: u2: disk full\n']);
  });
});

describe('portcullis reset', () => {
  it('marks accounts, says which were marked already, and takes it back', async () => {
    const folder = makeFolder(configOnSqlite());
    expect((await folder.json('reset', '--user', 'u1', 'u2', '--reason', 'compromised')).answer).toMatchObject({ ok: true, done: 2, already: 0 });
    expect((await folder.json('reset', '--user', 'u2', 'u3', '--reason', 'incident')).answer).toMatchObject({ ok: true, done: 1, already: 1 });
    expect((await folder.json('reset', '--user', 'u1', '--undo')).answer).toMatchObject({ ok: true, done: 1 });
    expect(eventsOf(folder).map(({ type, accountId, by }) => [type, accountId, by])).toEqual([
      ['reset.marked', 'u1', 'night-shift'], ['reset.marked', 'u2', 'night-shift'], ['reset.marked', 'u3', 'night-shift'], ['reset.lifted', 'u1', 'night-shift'],
    ]);
  });

  it('marks the accounts of a file, which may have comments and empty lines', async () => {
    const folder = makeFolder(configOnSqlite());
    folder.write('ids.txt', `# from the report\n${Array.from({ length: 25 }, (_, at) => `  u${at}\r\n\n`).join('')}`);
    expect((await folder.run('reset', '--user-file', 'ids.txt', '--reason', 'breached')).code).toBe(3);
    expect((await folder.json('reset', '--user-file', 'ids.txt', '--reason', 'breached', '--yes')).answer).toMatchObject({ ok: true, done: 25 });
    expect((await folder.run('reset', '--user-file', 'nowhere.txt', '--reason', 'breached', '--yes')).code).toBe(2);
  });

  it('refuses a file with a line that is no id, of whatever size, before it marks anybody', async () => {
    const folder = makeFolder(configOnSqlite());
    folder.write('ids.txt', `u1\n${'x'.repeat(10_000_000)}\nu2\n`);
    expect(await folder.run('reset', '--user-file', 'ids.txt', '--reason', 'breached', '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('got a line of more than 4096 bytes') as unknown });
    expect(existsSync(join(folder.path, 'events.log'))).toBe(false);
    expect((await folder.run('reset', '--user-file', '.', '--reason', 'breached', '--yes')).code).toBe(2);
  });

  it('stopped by Ctrl-C goes on with the same command, and marks nobody twice', async () => {
    const folder = makeFolder(`import { appendFileSync, readFileSync } from 'node:fs';
const marked = () => { try { return readFileSync('marked.log', 'utf8').split('\\n'); } catch { return []; } };
export default { resets: { async mark({ accountId }) { await new Promise((resolve) => setTimeout(resolve, 10)); if (marked().includes(accountId)) return false; appendFileSync('marked.log', accountId + '\\n'); return true; } }, close: async () => 0 };`, 'portcullis.config.mjs');
    folder.write('ids.txt', Array.from({ length: 150 }, (_, at) => `u${at}`).join('\n'));
    const args = ['reset', '--user-file', 'ids.txt', '--reason', 'incident', '--yes'] as const;
    const running = folder.start(...args);
    await vi.waitFor(() => { expect(existsSync(join(folder.path, 'marked.log'))).toBe(true); }, { timeout: 10_000, interval: 10 });
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('Give the same command again to go on.') as unknown });
    const { answer } = await folder.json(...args);
    expect(answer).toMatchObject({ ok: true, failed: 0 });
    expect([answer['already'], (answer['done'] as number) + (answer['already'] as number)]).toEqual([expect.any(Number), 150]);
    expect(answer['already']).toBeGreaterThan(0);
    expect(readFileSync(join(folder.path, 'marked.log'), 'utf8').trim().split('\n')).toHaveLength(150);
  });

  it('marks every password that was set before a moment, or now, and takes it back', async () => {
    const folder = makeFolder(configOnSqlite());
    expect(await folder.json('reset', '--before', '2019-10-24T00:20+01:00', '--reason', 'incident', '--yes')).toEqual({ code: 0, answer: { ok: true, beforeMs: Date.parse('2019-10-23T23:20Z'), reason: 'incident' } });
    expect((await folder.run('reset', '--all', '--organization', 'acme', '--reason', 'admin', '--yes')).stdout).toMatch(/^All passwords of the members of acme that were set before \d{4}-.*Z must be replaced \(admin\)\.\n$/);
    expect(await folder.json('reset', '--undo', '--all', '--yes')).toEqual({ code: 0, answer: { ok: true, lifted: true } });
    expect(await folder.json('reset', '--undo', '--all', '--yes')).toEqual({ code: 0, answer: { ok: true, lifted: false } });
  });
});

describe('portcullis doctor', () => {
  const withFindings = (ok: boolean, level: string): string => `export default { doctor: async () => ({ ok: ${String(ok)}, findings: [{ level: '${level}', check: 'records', detail: 'answers in 3 ms' }] }), close: async () => 0 };`;

  it('prints what was looked at, and ends with 4 where something is wrong', async () => {
    const well = makeFolder(withFindings(true, 'ok'), 'portcullis.config.mjs');
    expect(await well.run('doctor')).toMatchObject({ code: 0, stdout: 'ok    records  answers in 3 ms\nNothing is wrong.\n' });
    const ill = makeFolder(withFindings(false, 'bad'), 'portcullis.config.mjs');
    expect(await ill.json('doctor')).toEqual({ code: 4, answer: { ok: false, findings: [{ level: 'bad', check: 'records', detail: 'answers in 3 ms' }] } });
  });

  it('believes no "ok" that a finding contradicts', async () => {
    expect((await makeFolder(withFindings(true, 'bad'), 'portcullis.config.mjs').run('doctor')).code).toBe(4);
    expect((await makeFolder('export default { doctor: async () => undefined, close: async () => 0 };', 'portcullis.config.mjs').run('doctor')).code).toBe(4);
  });
});
