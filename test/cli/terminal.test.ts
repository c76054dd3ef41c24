import { describe, expect, it, vi } from 'vitest';
import { configOnSqlite, configWithIncident, makeFolder, type Running } from './support.ts';

const shows = (running: Running, text: string): Promise<void> => vi.waitFor(() => { expect(running.stdout()).toContain(text); }, { timeout: 15_000, interval: 20 });
const type = (running: Running, text: string): void => { running.child.stdin?.write(text); };

describe('in a terminal', () => {
  it('asks for what is missing and for the word, and does it', async () => {
    const folder = makeFolder(configOnSqlite());
    const running = folder.inTerminal('read-only', 'on');
    await shows(running, 'Reason, one line, which users see: ');
    type(running, 'we look into it\r');
    await shows(running, 'Type read-only to go on: ');
    type(running, 'read-only\r');
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining('by night-shift: we look into it') as unknown]);
    expect((await folder.run('read-only', 'status')).stdout).toContain('we look into it');
  });

  it.each(['yes\r', '\r', '\u0004'])('does nothing for another word (%j)', async (typed) => {
    const folder = makeFolder(configOnSqlite());
    const running = folder.inTerminal('revoke', '--everyone');
    await shows(running, 'Type everyone to go on: ');
    type(running, typed);
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([3, expect.stringContaining('not confirmed. Nothing was done.') as unknown]);
    expect((await folder.json('status')).answer).toMatchObject({ sessions: { everyoneEndedMs: null } });
  });

  it('is left by Ctrl-C at the question, and nothing was done', async () => {
    const folder = makeFolder(configOnSqlite());
    const running = folder.inTerminal('revoke', '--everyone');
    await shows(running, 'Type everyone to go on: ');
    type(running, '\u0003');
    expect((await running.ended).code).toBe(130);
    expect((await folder.json('status')).answer).toMatchObject({ sessions: { everyoneEndedMs: null } });
  });

  it('draws a bar for long work, takes it away, and leaves the answer', async () => {
    const folder = makeFolder("export default { resets: { mark: async () => { await new Promise((resolve) => setTimeout(resolve, 5)); return true; } }, close: async () => 0 };", 'portcullis.config.mjs');
    folder.write('ids.txt', Array.from({ length: 200 }, (_, at) => `u${at}\n`).join(''));
    const args = ['reset', '--user-file', 'ids.txt', '--reason', 'incident', '--yes'] as const;
    const { code, stdout } = await folder.inTerminal(...args).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/must be replaced \[#+\.+\] \d+% \d+ of 200/);
    expect(stdout.endsWith(`[${'#'.repeat(24)}] 100% 200 of 200\r\u001b[2Kmust be replaced: 200 accounts.\r\n`)).toBe(true);
    expect(await folder.run(...args)).toEqual({ code: 0, stdout: 'must be replaced: 200 accounts.\n', stderr: '' });
  });

  it('shows each step of a containment', async () => {
    const folder = makeFolder(configWithIncident({ accounts: 130, mailsPerSecond: 100 }));
    const running = folder.inTerminal('contain', '--id', 'october', '--reason', 'x', '--account', 'a1');
    await shows(running, 'Type contain to go on: ');
    type(running, 'contain\r');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('\r\u001b[2Kread-only mode ...\r\u001b[2Kread-only mode: done\r\n');
    expect(stdout).toMatch(/mails to everybody else \[#+\.+\] \d+% \d+ of 129/);
    expect(stdout).not.toContain('going');
    expect(stdout).toMatch(/Incident october: contained\.\r\n/);
  });

  it('colors what is wrong; a pipe and NO_COLOR get none', async () => {
    const folder = makeFolder("export default { doctor: async () => ({ ok: false, findings: [{ level: 'bad', check: 'keys', detail: 'x' }] }), close: async () => 0 };", 'portcullis.config.mjs');
    expect((await folder.inTerminal('doctor').ended).stdout).toContain('\u001b[31mBAD ');
    expect((await folder.run('doctor')).stdout).not.toContain('\u001b');
  });
});

describe('a pipe that is closed', () => {
  it('does not stop what is under way', async () => {
    const folder = makeFolder(configOnSqlite());
    const running = folder.start('revoke', '--user', ...Array.from({ length: 200 }, (_, at) => `u${at}`), '--yes');
    running.child.stdout?.destroy();
    expect((await running.ended).code).toBe(0);
  });
});
