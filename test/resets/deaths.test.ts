import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createForcedResets } from 'portcullis/resets';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { freshPath, openStore } from '../stores/sqlite-support.ts';

const accounts = 300;
const pageSize = 40;

interface Run {
  /** What the process has said, line by line. */
  readonly lines: string[];
  readonly ended: Promise<unknown>;
}

/** Another process with the job. `killAfter`: so many of its lines are heard, then it is killed. */
function start(path: string, killAfter = Infinity): Run {
  const child: ChildProcess = fork(join(import.meta.dirname, 'marking-child.ts'), [path, String(accounts), String(pageSize)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const killed = (): void => void child.kill('SIGKILL');
  onTestFinished(killed);
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('no stdout');
  const reader = createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (lines.length === killAfter) killed();
  });
  return { lines, ended: Promise.all([once(child, 'exit'), once(reader, 'close')]) };
}

async function ended(run: Run): Promise<readonly string[]> {
  await run.ended;
  return run.lines;
}

/** Every mark that is stored, by account. */
async function marksIn(path: string): Promise<ReadonlyMap<string, string>> {
  const store = openStore(path);
  const found = new Map<string, string>();
  for (let index = 0; index < accounts; index += 1) {
    const record = await store.read(accountRecordKey('reset', `user-${index}`));
    if (record !== undefined) found.set(`user-${index}`, `${record.version} ${record.value}`);
  }
  store.close();
  return found;
}

function endOf(lines: readonly string[]): unknown {
  return JSON.parse(lines.find((line) => line.startsWith('end '))?.slice('end '.length) ?? 'null');
}

const whole = { seen: accounts, matched: accounts, marked: accounts, already: 0, failed: 0, done: true };

// ASVS 5.0 2.3.3
describe('a job whose process is killed', () => {
  it('again and again, in the middle of a page, is resumed where it was: everybody marked, nobody twice', async () => {
    const path = freshPath();
    const told: string[] = [];
    let before: ReadonlyMap<string, string> = new Map();
    for (const killAfter of [1, 17, 55, 39, 90]) {
      const lines = await ended(start(path, killAfter));
      expect(lines).not.toContain('finished');
      told.push(...lines);
      const now = await marksIn(path);
      // What was written before is as it was: nobody has been marked a second time.
      for (const [id, mark] of before) expect(now.get(id)).toBe(mark);
      expect(now.size).toBeGreaterThan(before.size);
      before = now;
    }
    const lines = await ended(start(path));
    expect(endOf(lines)).toEqual(whole);
    expect(lines).toContain('finished');
    const after = await marksIn(path);
    expect(after.size).toBe(accounts);
    for (const [id, mark] of before) expect(after.get(id)).toBe(mark);
    const marked = [...told, ...lines].filter((line) => line.startsWith('marked '));
    expect(new Set(marked).size).toBe(marked.length);
    // Told is whoever was marked, but for those whose process died between the two.
    expect(marked.length).toBeGreaterThan(accounts - 5 * 17);
  });

  it('while another one does the same job is not missed', async () => {
    const path = freshPath();
    openStore(path).close();
    const [killed, other] = [start(path, 60), start(path)];
    await killed.ended;
    expect(endOf(await ended(other))).toEqual(whole);
    expect((await marksIn(path)).size).toBe(accounts);
    const resets = createForcedResets({ records: openStore(path) });
    for (let index = 0; index < accounts; index += 1) expect(await resets.check({ accountId: `user-${index}` })).toMatchObject({ reason: 'incident', by: 'admin-1' });
    expect(await ended(start(path))).toEqual([`end ${JSON.stringify(endOf(other.lines))}`]);
  });
});
