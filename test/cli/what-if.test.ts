import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileSink, type AuditEntry } from 'portcullis/audit';
import { goodPassword, makeKit, type Kit } from '../support/kit.ts';
import { from, makeFolder, type Folder } from './support.ts';

/** An app's own config: the portcullis that the server has, beside a log of the command's own. */
const config = `
import { createKeyRing, createPortcullis } from ${from('index.ts')};
import { auditWhatIf, fileSink } from ${from('audit/index.ts')};

const keys = createKeyRing({ keys: [{ id: 'test', secret: Uint8Array.from({ length: 32 }, (_, at) => at * 7 + 1) }] });
const portcullis = createPortcullis({
  keys, baseUrl: 'https://app.example.com', readOnly: false,
  accounts: { findByIdentifier: async () => undefined, findById: async () => undefined, create: async () => undefined, replacePasswordHash: async () => false, setBreachRecheck: async () => undefined, setSecondFactor: async () => undefined },
  mailer: { send: async () => undefined },
  audit: { sinks: [fileSink({ path: 'command.log' })] },
});
export default { ...portcullis, auditFiles: { ...portcullis.auditFiles, whatIf: ({ reveal, ...options }) => auditWhatIf({ ...options, keys, ...(reveal && { reveal: { ...reveal, emit: portcullis.emit } }) }) } };
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
      signIns: { ...counts, attempts: 78, entered: 12, failed: 66 },
      refuse: { ...counts, attempts: 42, entered: 2, failed: 40 },
      stepUp: counts,
      rules: [
        { guard: 'login-guard', reason: 'source', verdict: 'refuse', observed: 40, enforced: 0, signIns: { ...counts, attempts: 40, entered: 1, failed: 39 } },
        { guard: 'limiter', limiter: 'sign-in', reason: 'account', verdict: 'refuse', observed: 2, enforced: 0, signIns: { ...counts, attempts: 2, entered: 1, failed: 1 } },
      ],
      networks: { count: 2, top: [{ network: '203.0.113.0/24', refuse: 40, accounts: 32, all: { failed: 60, entered: 1 } }, { network: '198.51.100.0/24', refuse: 2, accounts: 1, all: { failed: 6, entered: 11 } }] },
      accounts: { count: 41 },
      entered: [{ account: 'user-1', because: ['sign-in/account'], networkFailed: 6, networkEntered: 11 }, { account: 'user-2', because: ['source'], networkFailed: 60, networkEntered: 1 }],
      enteredCount: 2,
      days: [{ day: '2026-01-01', signIns: { attempts: 78 }, refuse: { attempts: 42, entered: 2 } }],
      unreadable: 0,
    }]);
    const { stdout } = await folder.run('report', '--what-if', 'audit.log');
    expect(stdout).toContain('- 2 of them got in: 1 from a network where at least 4 times as many failed (a thief, more likely), 1 from elsewhere (an owner, more likely, who would have had to come back later).\n');
    expect(stdout).not.toMatch(/203\.0\.113\.66|198\.51\.100\.7\b/);
  }, 60_000);
});
