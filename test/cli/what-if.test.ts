import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileSink, type AuditEntry } from 'portcullis/audit';
import { goodPassword, makeKit, type Kit } from '../support/kit.ts';
import { from, makeFolder, type Folder } from './support.ts';

/** An app's own config: the portcullis that the server has, beside a log of the command's own. */
const config = `
import { createKeyRing, createPortcullis } from ${from('index.ts')};
import { fileSink } from ${from('audit/index.ts')};

const keys = createKeyRing({ keys: [{ id: 'test', secret: Uint8Array.from({ length: 32 }, (_, at) => at * 7 + 1) }] });
export default createPortcullis({
  keys, baseUrl: 'https://app.example.com', readOnly: false,
  accounts: { findByIdentifier: async () => undefined, findById: async () => undefined, create: async () => undefined, replacePasswordHash: async () => false, setBreachRecheck: async () => undefined, setSecondFactor: async () => undefined },
  mailer: { send: async () => undefined },
  audit: { sinks: [fileSink({ path: 'command.log' })] },
});
`;

const office = '198.51.100.7';
const attacker = '203.0.113.66';

/** An app whose guards only observe. `end` writes its log into the folder: the app's clock is not that of the disk. */
function observing(folder: Folder): { readonly kit: Kit; readonly end: () => Promise<void> } {
  const entries: AuditEntry[] = [];
  const kit = makeKit({ limits: { mode: 'observe' }, loginGuard: { mode: 'observe' }, audit: { sinks: [(entry: AuditEntry) => void entries.push(entry)] } });
  return {
    kit,
    async end() {
      await kit.settle();
      expect(await kit.value(kit.portcullis.close())).toBe(0);
      const sink = fileSink({ path: join(folder.path, 'audit.log') });
      for (const entry of entries) await sink.write(entry);
      await sink.close();
    },
  };
}

async function signIn(kit: Kit, email: string, password: string, address: string): Promise<string> {
  return (await kit.value(kit.portcullis.signIn.attempt({ identifier: email, password, facts: { address, accepts: 'json' } }))).outcome;
}

/**
 * Ten people of an office, each right at once: the limit of its address is reached by wrong passwords of one of them. Then an attacker who tries names that
 * nobody has, and has one right password at the end.
 */
async function ordinaryDay(folder: Folder): Promise<void> {
  const { kit, end } = observing(folder);
  for (let at = 0; at < 10; at += 1) await kit.plant({ email: `person-${at}@example.com`, password: goodPassword });
  for (let at = 0; at < 10; at += 1) {
    expect(await signIn(kit, `person-${at}@example.com`, goodPassword, office)).toBe('signed-in');
    await kit.clock.advance(60_000);
  }
  for (let at = 0; at < 6; at += 1) expect(await signIn(kit, 'person-0@example.com', `slip ${at}`, office)).toBe('answered');
  // Its budget of five is used up: the owner who remembers the password would have to wait.
  expect(await signIn(kit, 'person-0@example.com', goodPassword, office)).toBe('signed-in');
  await kit.clock.advance(600_000);
  for (let at = 0; at < 60; at += 1) {
    expect(await signIn(kit, `nobody-${at}@example.com`, `guess ${at}`, attacker)).toBe('answered');
    await kit.clock.advance(60_000);
  }
  expect(await signIn(kit, 'person-1@example.com', goodPassword, attacker)).toBe('signed-in');
  // Another one begins, and has found a right password already.
  for (let at = 0; at < 9; at += 1) expect(await signIn(kit, `no-one-${at}@example.com`, `guess ${at}`, '192.0.2.99')).toBe('answered');
  expect(await signIn(kit, 'person-2@example.com', goodPassword, '192.0.2.99')).toBe('signed-in');
  await end();
}

const counts = { attempts: 0, entered: 0, askedAnyway: 0, unfinished: 0, failed: 0, unknown: 0 };

describe('portcullis report --what-if', () => {
  it('says what observing guards would have done to an office and to an attacker, and why', async () => {
    const folder = makeFolder(config);
    await ordinaryDay(folder);
    const { code, answer } = await folder.json('report', '--what-if', 'audit.log');
    expect([code, answer]).toMatchObject([0, {
      ok: true,
      signIns: { ...counts, attempts: 88, entered: 13, failed: 75 },
      refuse: { ...counts, attempts: 22, entered: 2, failed: 20 },
      stepUp: { ...counts, attempts: 1, entered: 1 },
      rules: [
        { guard: 'login-guard', reason: 'source', verdict: 'refuse', observed: 20, enforced: 0, signIns: { ...counts, attempts: 20, entered: 1, failed: 19 } },
        { guard: 'limiter', limiter: 'sign-in', reason: 'account', verdict: 'refuse', observed: 2, enforced: 0, signIns: { ...counts, attempts: 2, entered: 1, failed: 1 } },
        { guard: 'login-guard', reason: 'source', verdict: 'step-up', observed: 1, signIns: { attempts: 1, entered: 1 } },
      ],
      networks: { count: 3, top: [{ network: '203.0.113.0/24', refuse: 20, accounts: 20, all: { failed: 60, entered: 1 } }, { network: '198.51.100.0/24', refuse: 2, accounts: 1, all: { failed: 6, entered: 11 } }, { network: '192.0.2.0/24', stepUp: 1, all: { failed: 9, entered: 1 } }] },
      accounts: { count: 22 },
      entered: [{ account: 'user-1', because: ['sign-in/account'], networkFailed: 6, networkEntered: 11 }, { account: 'user-2', because: ['source'], networkFailed: 60, networkEntered: 1 }, { account: 'user-3', verdict: 'step-up', networkFailed: 9, networkEntered: 1 }],
      enteredCount: 3,
      days: [{ day: '2026-01-01', signIns: { attempts: 88 }, refuse: { attempts: 22, entered: 2 } }],
      unreadable: 0,
    }]);
    const { stdout: shown } = await folder.run('report', '--what-if', 'audit.log');
    const stdout = unwrapped(shown);
    expect(stdout).toContain('- 25.0 % of attempts to sign in (22) would have been turned away. Of these 20 failed anyway: that is what the guard is for.\n');
    expect(stdout).toContain('- 2 of them got in: 1 from a network where at least 4 times as many failed (a thief, more likely), 1 from elsewhere (an owner, more likely, who would have had to come back later).\n');
    expect(stdout).toContain('- 1 of them got in by the password alone: 1 from a network where at least 4 times as many failed (a thief, more likely).\n');
    expect(stdout).toMatch(/login-guard source +turned away +20 +0 +1 +0 +19\n/);
    expect(stdout).not.toMatch(/203\.0\.113\.66|198\.51\.100\.7\b|192\.0\.2\.99/);
  }, 60_000);

  it('shows networks in full with a reason alone, and the audit log is told', async () => {
    const folder = makeFolder(config);
    await ordinaryDay(folder);
    expect(await folder.run('report', '--what-if', 'audit.log', '--reveal')).toMatchObject({ code: 2, stdout: '', stderr: 'portcullis: --reason is missing\n' });
    const { code, stdout } = await folder.run('report', '--what-if', 'audit.log', '--reveal', '--reason', 'before we enforce');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/203\.0\.113\.66 .*198\.51\.100\.7 .*192\.0\.2\.99 /s) as unknown]);
    expect(JSON.parse(readFileSync(join(folder.path, 'command.log'), 'utf8'))).toMatchObject({ event: 'audit.revealed', details: { by: 'night-shift', reason: 'before we enforce', count: 3 } });
  }, 60_000);

  it('writes to a new file for its owner alone, as text or as JSON', async () => {
    const folder = makeFolder(config);
    folder.write('audit.log', lines(refused('a', false), failed('a')));
    expect((await folder.json('report', '--what-if', 'audit.log', '--format', 'json', '--out', 'what-if.json')).answer).toEqual({ ok: true, format: 'json', out: 'what-if.json' });
    expect(JSON.parse(readFileSync(join(folder.path, 'what-if.json'), 'utf8'))).toMatchObject({ refuse: { attempts: 1, failed: 1 } });
    expect(statSync(join(folder.path, 'what-if.json')).mode & 0o777).toBe(0o600);
    expect(await folder.run('report', '--what-if', 'audit.log', '--out', 'what-if.json')).toMatchObject({ code: 2 });
    expect((await folder.run('report', '--what-if', 'audit.log', '--out', 'what-if.txt')).stdout).toBe('Written to what-if.txt.\n');
    expect(unwrapped(readFileSync(join(folder.path, 'what-if.txt'), 'utf8'))).toContain('100.0 % of attempts to sign in (1) would have been turned away. Of these 1 failed anyway');
  }, 60_000);

  it('says of a log in which nothing was only observed that it is so, and of an empty one', async () => {
    const folder = makeFolder(config);
    folder.write('enforced.log', lines(refused('a', true), failed('b')));
    folder.write('quiet.log', lines(failed('b')));
    folder.write('empty.log', '');
    const said = async (file: string): Promise<string> => unwrapped((await folder.run('report', '--what-if', file)).stdout);
    expect(await said('enforced.log')).toContain("- 1 attempt to sign in, and no guard that only observed: set limits.mode or loginGuard.mode to 'observe' to try one out.\n- 1 decision was carried out: it is in the table \"Why\", and in no other figure.\n");
    expect(await said('quiet.log')).toContain('- 1 attempt to sign in, and nothing that was only observed. Either no guard had anything to say, or none was in observe mode: limits.mode and loginGuard.mode.\n');
    expect(await said('empty.log')).toContain('What the guards would have done: no entry in that time, 1 file.\n- The log has no sign-in in that time, and nothing that was only observed.');
  }, 60_000);

  it('reads several files, and only the time that was asked for', async () => {
    const folder = makeFolder(config);
    folder.write('one.log', lines(refused('a', false), failed('a')));
    folder.write('two.log', lines(refused('b', false), entered('b')));
    const all = ['report', '--what-if', 'one.log', 'two.log'];
    expect((await folder.json(...all)).answer).toMatchObject({ refuse: { attempts: 2, failed: 1, entered: 1 }, files: [expect.stringContaining('one.log'), expect.stringContaining('two.log')] });
    expect((await folder.json(...all, '--from', '2026-01-02')).answer).toMatchObject({ refuse: { attempts: 0 } });
    expect((await folder.json(...all, '--until', '2026-01-02')).answer).toMatchObject({ refuse: { attempts: 2 } });
  }, 60_000);

  it('shows hostile lines without what they would do to a terminal, and counts those that are none', async () => {
    const folder = makeFolder(config);
    const evil = '\u001b[2J\u202Eevil\nline';
    folder.write('audit.log', `${lines(refused(evil, false), entered(evil))}no entry \u001b[31m\n`);
    const { code, stdout } = await folder.run('report', '--what-if', 'audit.log');
    expect([code, stdout]).toEqual([0, expect.stringContaining('; 1 line cannot be read.\n') as unknown]);
    expect(stdout).toContain('<U+001B>[2J<U+202E>evil<U+000A>line');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }, 60_000);

  it.each([
    [['--what-if', 'nowhere.log'], 2, 'there is no file nowhere.log, nor one that was rotated away from it'],
    [['--what-if'], 2, '--what-if: name the log, since the config file does not'],
    [['--what-if', 'audit.log', '--id', 'x'], 2, '--what-if: expected no --id and no --format html'],
    [['--what-if', 'audit.log', '--format', 'html'], 2, '--what-if: expected no --id and no --format html'],
    [['--from', '2026-01-01'], 2, '--from: expected --what-if with it'],
    [['--reveal'], 2, '--reveal: expected --what-if with it'],
  ])('refuses %j', async (args, code, message) => {
    expect(await makeFolder(config).run('report', ...args)).toEqual({ code, stdout: '', stderr: `portcullis: ${message}\n` });
  });

  it('reads the log that the config file names, where it is given none', async () => {
    const folder = makeFolder(config.replace("readOnly: false,", "readOnly: false, incident: { auditPath: 'audit.log' },"));
    expect(await folder.run('report', '--what-if')).toMatchObject({ code: 2, stderr: 'portcullis: --what-if: the log that the config file names is not there\n' });
    folder.write('audit.log', lines(refused('a', false), failed('a')));
    expect((await folder.json('report', '--what-if')).answer).toMatchObject({ refuse: { attempts: 1, failed: 1 } });
  }, 60_000);

  it('says so where the config file has nothing that could answer', async () => {
    const { code, stderr } = await makeFolder('export default { auditFiles: {}, close: async () => 0 };').run('report', '--what-if', 'audit.log');
    expect([code, stderr]).toEqual([1, 'portcullis: the portcullis of the config file has no "auditFiles.whatIf": this command needs it. Nothing was done.\n']);
  });
});

/** Long sentences are broken for a terminal. */
const unwrapped = (text: string): string => text.replaceAll('\n  ', ' ');

/** Entries as a log of another process has them. */
function entry(event: string, account: string, details: object): object {
  return { time: '2026-01-01T08:00:00.000Z', id: 'x', event, owasp: 'x', level: 'warn', outcome: 'failure', account, nameTag: account, address: '192.0.2.0/24', details };
}

const refused = (account: string, enforced: boolean): object => entry('limiter.refused', account, { limiter: 'sign-in', rule: account, enforced });
const failed = (account: string): object => entry('sign-in.failed', account, { reason: 'wrong-password' });
const entered = (account: string): object => entry('sign-in.succeeded', account, { pathway: 'password' });
const lines = (...entries: readonly object[]): string => entries.map((each) => `${JSON.stringify(each)}\n`).join('');
