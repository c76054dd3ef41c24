import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { configWithIncident, makeFolder, type Folder } from './support.ts';

const attack = ['--id', 'october', '--reason', 'Attackers tried passwords from leaks', '--source', '203.0.113.66', '--from', '2019-10-19'];

const mailsOf = (folder: Folder): readonly { readonly kind: string; readonly to: string }[] => {
  try {
    return readFileSync(join(folder.path, 'mails.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { readonly kind: string; readonly to: string });
  } catch {
    return [];
  }
};

describe('portcullis contain', () => {
  it('first counts, prints what it would do, and does nothing where nobody says yes', async () => {
    const folder = makeFolder(configWithIncident({ accounts: 250 }));
    const dry = await folder.run('contain', ...attack, '--dry-run');
    expect([dry.code, dry.stderr]).toEqual([0, '']);
    expect(dry.stdout).toMatch(/affected +2 accounts \(.*2\)\n/);
    expect(dry.stdout).toMatch(/read-only +writes for everyone, until "portcullis lift"\n/);
    expect(dry.stdout).toMatch(/mails +the affected \(2\) and everybody else, 248 others \(250 of all without a second factor\)\n/);
    const refused = await folder.run('contain', ...attack);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([3, expect.stringContaining('2 accounts') as unknown, expect.stringContaining('--yes does it. Nothing was done.') as unknown]);
    expect(mailsOf(folder)).toEqual([]);
    expect((await folder.json('status')).answer).toEqual({ ok: true, 'read-only': { switches: [] }, sessions: { everyoneEndedMs: null }, incidents: [] });
  });

  it('does all of it, answers the same again, and is in the status, the report and the lift', async () => {
    const folder = makeFolder(configWithIncident({ accounts: 30 }));
    const { code, answer } = await folder.json('contain', ...attack, '--yes');
    expect([code, answer]).toMatchObject([0, { ok: true, id: 'october', dryRun: { affected: { total: 2 } }, report: { complete: true, by: 'night-shift', resets: { marked: 2 }, notices: { affected: { told: 2 }, everyoneElse: { told: 28 } } } }]);
    expect((await folder.run('contain', ...attack, '--yes')).code).toBe(0);
    expect(new Set(mailsOf(folder).map(({ to }) => to)).size).toBe(mailsOf(folder).length);
    const status = (await folder.run('status')).stdout;
    expect(status).toMatch(/^read-only +writes for everyone.*Attackers tried passwords from leaks\nsessions +everyone's ended .*\nincidents +october: contained, ordered .* by night-shift, 2 accounts affected\n$/);
    const report = await folder.run('report');
    expect([report.code, report.stdout]).toEqual([0, expect.stringContaining('first entry: a sign-in from a source of the attack') as unknown]);
    const lifted = await folder.run('lift', '--yes');
    expect([lifted.code, lifted.stdout]).toEqual([0, expect.stringContaining('Read-only mode is lifted.') as unknown]);
    expect((await folder.json('lift', '--id', 'october', '--yes')).answer).toMatchObject({ ok: true, readOnly: 'off', first: false });
    expect((await folder.run('read-only', 'status')).stdout).toBe('off\n');
  }, 40_000);

  it('writes the report to a new file that nobody else can read, in each format', async () => {
    const folder = makeFolder(configWithIncident({ accounts: 3 }));
    await folder.run('contain', ...attack, '--notify', 'nobody', '--yes');
    expect(mailsOf(folder)).toEqual([]);
    expect((await folder.run('report', '--format', 'html', '--out', 'october.html')).code).toBe(0);
    expect(statSync(join(folder.path, 'october.html')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder.path, 'october.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(await folder.run('report', '--out', 'october.html')).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') as unknown });
    expect(JSON.parse((await folder.run('report', '--format', 'json')).stdout)).toMatchObject({ id: 'october', affected: 2 });
    expect((await folder.json('report')).answer).toMatchObject({ ok: true, facts: { id: 'october' } });
    expect(await folder.run('report', '--id', 'november')).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no incident november') as unknown });
  }, 40_000);

  it('takes a plan from a file, and says which field of it is wrong', async () => {
    const folder = makeFolder(configWithIncident({ accounts: 5 }));
    folder.write('plan.json', JSON.stringify({ id: 'by-file', by: 'somebody', reason: 'from a file', affected: { accountIds: ['a4'] }, readOnly: false, sessions: 'affected', notices: { affected: true, everyoneElse: false } }));
    expect((await folder.json('contain', '--plan', 'plan.json', '--yes')).answer).toMatchObject({ ok: true, id: 'by-file', report: { complete: true, by: 'night-shift', reason: 'from a file' } });
    expect(mailsOf(folder).map(({ to }) => to)).toEqual(['a4@example.com']);
    folder.write('wrong.json', JSON.stringify({ id: 'x', reason: 'x', affected: { sources: ['everywhere'] } }));
    expect(await folder.run('contain', '--plan', 'wrong.json', '--yes')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('incident.contain.affected.sources[0]') as unknown });
    folder.write('text.json', '{ not json');
    expect(await folder.run('contain', '--plan', 'text.json', '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('is not JSON') as unknown });
    folder.write('list.json', '[]');
    expect(await folder.run('contain', '--plan', 'list.json', '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('expected one JSON object') as unknown });
    expect(await folder.run('contain', '--plan', 'plan.json', '--breached')).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be used with') as unknown });
  }, 40_000);

  it('hands every flag to the library', async () => {
    const folder = makeFolder('export default { incident: { contain: async ({ signal, onProgress, ...plan }) => { console.log(JSON.stringify(plan)); return { id: plan.id, affected: { total: 0, because: {} }, exposureUnknown: 0 }; } }, close: async () => 0 };', 'portcullis.config.mjs');
    folder.write('ids.txt', 'a1\na2\n');
    const { stdout } = await folder.run(
      'contain', '--dry-run', '--reason', 'x', '--id', 'i', '--by', 'alice', '--source', '192.0.2.1', '198.51.100.0/24', '--from', '2019-10-19T08:00Z', '--until', '2019-10-23', '--account', 'a0', '--account-file', 'ids.txt',
      '--breached', '--exposed', '--passwords-before', '2019-01-01', '--noticed', '2019-10-22T17:40Z', '--read-only', 'all', '--read-only-for', '2h', '--organization', 'o1', 'o2', '--reset', 'compromised',
      '--second-factor', 'organization:o1', '--grace', '7d', '--notify', 'affected',
    );
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toEqual({
      id: 'i', by: 'alice', reason: 'x', dryRun: true,
      affected: {
        sources: ['192.0.2.1', '198.51.100.0/24'], fromMs: Date.parse('2019-10-19T08:00Z'), untilMs: Date.parse('2019-10-23'), accountIds: ['a0', 'a1', 'a2'], breached: true, exposed: true,
        passwordsSetBeforeMs: Date.parse('2019-01-01'),
      },
      noticedMs: Date.parse('2019-10-22T17:40Z'), readOnly: { level: 'all', forMs: 7_200_000 }, sessions: { organizations: ['o1', 'o2'] }, reset: 'compromised',
      secondFactor: { scope: { kind: 'organization', id: 'o1' }, graceMs: 604_800_000 }, notices: { affected: true, everyoneElse: false },
    });
    const plain = await folder.run('contain', '--dry-run', '--reason', 'x', '--read-only', 'off', '--reset', 'off', '--sessions', 'affected', '--notify', 'nobody');
    expect(JSON.parse(plain.stdout.split('\n')[0] ?? '')).toEqual({
      id: expect.stringMatching(/^incident-\d{8}-\d{4}$/) as unknown, by: 'night-shift', reason: 'x', dryRun: true, affected: {}, readOnly: false, reset: false, sessions: 'affected', notices: { affected: false, everyoneElse: false },
    });
    expect((await folder.run('contain', '--dry-run', '--reason', 'x', '--second-factor', 'app')).stderr).toContain('--grace');
    expect((await folder.run('contain', '--dry-run', '--reason', 'x', '--second-factor', 'all', '--grace', '0')).stderr).toContain('Expected app');
  });

  it('stopped by Ctrl-C in the middle of the mails, goes on with the same command and mails nobody twice', async () => {
    const folder = makeFolder(configWithIncident({ accounts: 120, mailsPerSecond: 60 }));
    const running = folder.start('contain', ...attack, '--yes');
    await vi.waitFor(() => { expect(mailsOf(folder).length).toBeGreaterThan(10); }, { timeout: 15_000, interval: 20 });
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining('What was done stays. Go on with: portcullis contain --id october, and the same flags.') as unknown]);
    const before = mailsOf(folder).length;
    expect(before).toBeLessThan(120);
    expect((await folder.json('status')).answer).toMatchObject({ incidents: [{ id: 'october', complete: false }] });
    expect((await folder.json('contain', ...attack, '--yes')).answer).toMatchObject({ ok: true, report: { complete: true } });
    const told = mailsOf(folder).map(({ to }) => to);
    expect(new Set(told).size).toBe(told.length);
    expect(told.length).toBeGreaterThanOrEqual(119);
  }, 60_000);

  it('says that another plan has the id', async () => {
    const folder = makeFolder(configWithIncident({ accounts: 3 }));
    await folder.run('contain', ...attack, '--yes');
    const { code, answer } = await folder.json('contain', ...attack, '--read-only', 'all', '--yes');
    expect([code, answer]).toMatchObject([1, { ok: false, error: { code: 'ERR_CONFIG', message: expect.stringContaining('incident.contain.id: expected the plan with which this incident was begun') as unknown } }]);
  });

  it('that comes to an end but not with all steps ends with 1', async () => {
    const report = "{ id: 'i', complete: false, affected: { total: 1, because: {} }, exposureUnknown: 0, resets: { marked: 0, already: 0, failed: 1 }, notices: { affected: { told: 0, failed: 0, maybe: 0 }, everyoneElse: { told: 0, failed: 0, maybe: 0 } }, steps: [{ step: 'resets', state: 'failed', tookMs: 5, error: 'StoreError ERR_STORE' }] }";
    const folder = makeFolder(`export default { incident: { contain: async () => (${report}) }, close: async () => 0 };`, 'portcullis.config.mjs');
    const { code, stdout } = await folder.run('contain', '--reason', 'x', '--yes');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/NOT all of it is done; give the same command with this --id again[\s\S]*passwords +failed +0 s +StoreError ERR_STORE/)]);
  });

  it('without an incident response in the config file says so', async () => {
    for (const command of [['contain', '--reason', 'x', '--yes'], ['lift'], ['report']]) {
      expect(await makeFolder('export default { close: async () => 0 };', 'portcullis.config.mjs').run(...command)).toMatchObject({ code: 1, stderr: expect.stringContaining('has no "incident"') as unknown });
    }
  });
});
