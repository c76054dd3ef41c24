import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configOnSqlite, makeFolder, withoutConfig } from './support.ts';

describe('a wrong command line', () => {
  it.each([
    [['revok', '--everyone'], 'Did you mean revoke?'],
    [['revoke', '--everyon'], 'Did you mean --everyone?'],
    [['status', '--jsn'], 'Did you mean --json?'],
    [['read-only', 'onn'], 'Did you mean on?'],
    [['revoke'], 'say whose: --everyone, --organization ID or --user ID'],
    [['revoke', '--everyone', '--user', 'u1'], 'cannot be used with'],
    [['revoke', '--user', ' '], 'not empty'],
    [['reset', '--all', '--before', '2026-01-01', '--reason', 'incident'], 'cannot be used with'],
    [['reset', '--all', '--yes'], '--reason is missing'],
    [['reset', '--all', '--reason', 'old', '--yes'], 'Allowed choices are compromised'],
    [['reset', '--before', '2026-02-30', '--reason', 'incident', '--yes'], 'Expected a date'],
    [['reset', '--before', '2026-02-03 10:00', '--reason', 'incident', '--yes'], 'Expected a date'],
    [['read-only', 'on', '--for', '2 weeks', '--reason', 'x'], 'Expected a time'],
    [['read-only', 'on', '--yes'], '--reason is missing'],
    [['read-only', 'on', '--level', 'off', '--reason', 'x'], 'Allowed choices are sensitive'],
    [['status', '--by', '\u202E'], '--by: expected who gives the order'],
    [['status', 'twice'], 'too many arguments'],
    [['--config', 'nowhere.ts', 'status'], 'there is no file'],
  ])('%j ends with 2 and says what was meant', async (args, hint) => {
    const { code, stdout, stderr } = await withoutConfig(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(hint);
  });

  it('is told in JSON to a script', async () => {
    expect(await makeFolder().json('revok')).toEqual({ code: 2, answer: { ok: false, error: { code: 'USAGE', message: "unknown command 'revok'\n(Did you mean revoke?)" } } });
  });
});

describe('help', () => {
  it.each([[['--help']], [['help']], [['revoke', '--help']], [['help', 'reset']], [['read-only', 'on', '--help']], [['audit', 'verify', '--help']]])('%j is printed, without a config file', async (args) => {
    const { code, stdout, stderr } = await withoutConfig(...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('--config <file>');
  });

  it('lists the exit codes, and is what a bare command gets', async () => {
    const { code, stderr } = await withoutConfig();
    expect([code, stderr]).toEqual([2, expect.stringContaining('130  stopped by Ctrl-C') as unknown]);
  });
});

describe('without a person to ask', () => {
  it('whatever touches many is refused with 3 and does nothing', async () => {
    const folder = makeFolder(configOnSqlite());
    const orders = [
      ['read-only', 'on', '--reason', 'x'],
      ['read-only', 'off'],
      ['revoke', '--everyone'],
      ['revoke', '--organization', 'acme'],
      ['reset', '--all', '--reason', 'incident'],
      ['reset', '--undo', '--all'],
      ['reset', '--reason', 'incident', '--user', ...Array.from({ length: 11 }, (_, at) => `u${at}`)],
    ];
    const answers = await Promise.all(orders.map((order) => folder.json(...order)));
    expect(answers).toEqual(orders.map(() => ({ code: 3, answer: { ok: false, error: { code: 'REFUSED', message: expect.stringContaining('--yes does it. Nothing was done.') as unknown } } })));
    expect((await folder.json('status')).answer).toEqual({ ok: true, 'read-only': { switches: [] }, sessions: { everyoneEndedMs: null }, incidents: null });
    expect(existsSync(join(folder.path, 'events.log'))).toBe(false);
  });
});
