import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createKeyRing } from 'portcullis';
import { createAuditLog, fileSink } from 'portcullis/audit';
import { from, makeFolder, type Folder } from './support.ts';

const secret = Array.from({ length: 32 }, (_, at) => at * 5 + 3);
const keys = createKeyRing({ keys: [{ id: 'k1', secret: Uint8Array.from(secret) }] });

const config = `
import { createKeyRing } from ${from('index.ts')};
import { auditQuery, verifyAuditFiles } from ${from('audit/index.ts')};
import { appendFileSync } from 'node:fs';
const keys = createKeyRing({ keys: [{ id: 'k1', secret: Uint8Array.from(${JSON.stringify(secret)}) }] });
const emit = (event) => { appendFileSync('events.log', JSON.stringify(event) + '\\n'); };
export default {
  auditFiles: {
    verify: (options) => verifyAuditFiles({ ...options, keys }),
    query: ({ reveal, ...options }) => auditQuery({ ...options, keys, ...(reveal && { reveal: { ...reveal, emit } }) }),
  },
  close: async () => 0,
};`;

/** A chained log of so many sign-ins of `u0`, `u1`, `u2`. */
async function logIn(folder: Folder, count: number): Promise<string> {
  const path = join(folder.path, 'audit.log');
  const file = fileSink({ path, chain: { keys } });
  const log = createAuditLog({ keys, sinks: [file] });
  for (let at = 0; at < count; at += 1) log.emit({ type: 'sign-in.succeeded', accountId: `u${at % 3}`, address: `203.0.113.${at}`, pathway: 'password', proofs: ['password'], stage: 'full', knownDevice: false });
  await log.drain(5_000);
  await file.close();
  return path;
}

describe('portcullis audit verify', () => {
  it('passes a log as it was written, and finds a changed and a removed line with exit code 4', async () => {
    const folder = makeFolder(config, 'portcullis.config.mjs');
    const path = await logIn(folder, 12);
    expect(await folder.run('audit', 'verify', 'audit.log')).toMatchObject({ code: 0, stdout: '12 entries as written, in 1 file.\nEnd of the log: not known, so that a cut at the end is not found.\nNothing was changed.\n' });
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.toSpliced(7, 1).map((line, at) => (at === 3 ? line.replace('u0', 'u9') : line)).join('\n'));
    const { code, answer } = await folder.json('audit', 'verify', 'audit.log');
    expect([code, answer]).toMatchObject([4, { ok: false, problems: [{ file: expect.stringContaining('audit.log') as unknown, line: 4, kind: 'edited' }, { line: 8, kind: 'missing' }] }]);
    expect((await folder.run('audit', 'verify', 'audit.log')).stdout).toMatch(/audit\.log:4 edited\n.*audit\.log:8 missing\n2 problems\.\n$/);
  });

  it.each([['verify'], ['query', '--account', 'u1']])('takes a log that is not there for a mistake: %s', async (...args) => {
    const { code, stderr } = await makeFolder(config, 'portcullis.config.mjs').run('audit', ...args, 'nowhere.log');
    expect([code, stderr]).toEqual([2, 'portcullis: there is no file nowhere.log, nor one that was rotated away from it\n']);
  });
});

describe('portcullis audit query', () => {
  it('answers who got in from a network, with addresses masked; in full only with a reason that is told to the log', async () => {
    const folder = makeFolder(config, 'portcullis.config.mjs');
    await logIn(folder, 6);
    const asked = ['audit', 'query', 'audit.log', '--source', '203.0.113.0/30', '--got-in'];
    const masked = await folder.run(...asked);
    expect([masked.code, masked.stdout]).toEqual([0, expect.stringContaining('Accounts: u0 u1 u2\n') as unknown]);
    expect(masked.stdout).toContain('4 entries, in 1 file.');
    expect(masked.stdout).not.toMatch(/203\.0\.113\.[123]\b/);
    expect((await folder.run(...asked, '--reveal')).code).toBe(2);
    expect((await folder.run(...asked, '--reveal', '--reason', 'incident october')).stdout).toContain('address=203.0.113.3');
    expect(JSON.parse(readFileSync(join(folder.path, 'events.log'), 'utf8'))).toEqual({ type: 'audit.revealed', by: 'night-shift', reason: 'incident october', count: 4 });
    expect((await folder.json('audit', 'query', 'audit.log', '--account', 'u1')).answer).toMatchObject({ ok: true, matched: 2, accounts: [{ account: 'u1' }] });
    expect((await folder.run('audit', 'query', 'audit.log')).code).toBe(2);
  });
});

const line = (account: string, event: string, more: object = {}): string => `${JSON.stringify({ time: '2019-10-23T18:20:00.000Z', id: 'x', event, owasp: 'x', level: 'warn', outcome: 'failure', account, details: { reason: 'wrong-password' }, ...more })}\n`;

describe('portcullis audit tail', () => {
  it('prints the last entries without a config file, and chooses by account and event', async () => {
    const folder = makeFolder();
    folder.write('a.log', Array.from({ length: 50 }, (_, at) => line(`u${at % 2}`, at % 5 === 0 ? 'sign-in.failed' : 'breach.found')).join(''));
    const { code, stdout } = await folder.run('audit', 'tail', 'a.log');
    expect([code, stdout.trim().split('\n').length]).toEqual([0, 20]);
    expect(stdout).toContain('2019-10-23T18:20:00.000Z warn     sign-in.failed failure account=u1 reason=wrong-password\n');
    expect((await folder.run('audit', 'tail', 'a.log', '-n', '3', '--account', 'u1')).stdout.match(/account=u1/g)).toHaveLength(3);
    expect((await folder.run('audit', 'tail', 'a.log', '-n', '100', '--event', 'sign-in')).stdout.trim().split('\n')).toHaveLength(10);
    const json = await folder.run('audit', 'tail', 'a.log', '-n', '2', '--json');
    expect(json.stdout.trim().split('\n').map((each) => (JSON.parse(each) as { event: string }).event)).toEqual(['breach.found', 'breach.found']);
    expect((await folder.run('audit', 'tail', 'b.log')).code).toBe(2);
  });

  it('shows hostile lines without what they would do to a terminal, and passes over none', async () => {
    const folder = makeFolder();
    folder.write('a.log', `${line('\u001b]0;owned\u0007', 'x\u202Ey')}not json \u001b[2J\n[1]\n\n${'x'.repeat(300_000)}\n${line('last', 'e')}{"half":`);
    const { stdout } = await folder.run('audit', 'tail', 'a.log');
    expect(stdout).toContain('account=<U+001B>]0;owned<U+0007>');
    expect(stdout).toContain('(no entry) not json <U+001B>[2J\n(no entry) [1]\n(a line of more than 128 KiB)\n');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('account=last');
  });

  it('follows the file, also when it is rotated or emptied, until Ctrl-C', async () => {
    const folder = makeFolder();
    const path = join(folder.path, 'a.log');
    folder.write('a.log', line('before', 'e'));
    const running = folder.start('audit', 'tail', 'a.log', '--follow');
    const sees = (account: string): Promise<void> => vi.waitFor(() => { expect(running.stdout()).toContain(`account=${account} `); }, { timeout: 10_000, interval: 20 });
    await sees('before');
    appendFileSync(path, line('appended', 'e').slice(0, 20));
    appendFileSync(path, line('appended', 'e').slice(20));
    await sees('appended');
    appendFileSync(path, line('last-of-old', 'e'));
    renameSync(path, `${path}.000001`);
    writeFileSync(path, line('rotated', 'e'));
    await sees('rotated');
    await sees('last-of-old');
    writeFileSync(path, '');
    await new Promise((resolve) => setTimeout(resolve, 500));
    appendFileSync(path, line('emptied', 'e'));
    await sees('emptied');
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
    expect(running.stdout().match(/account=/g)).toHaveLength(5);
  }, 40_000);
});
