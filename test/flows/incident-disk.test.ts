import { describe, expect, it } from 'vitest';
import type { RecordStore } from 'portcullis';
import type { ContainPlan } from '../../src/flows/incident/plan.ts';
import { freshPath, openStore, spiedConnections } from '../stores/sqlite-support.ts';
import { attack, processOf, quickClock, world, type World } from './incident-setup.ts';

const accounts = 40;
const listed = Array.from({ length: accounts / 2 }, (_, at) => `a${at}`);

interface Disk {
  readonly at: World;
  /** From which call of the store on the file cannot be written; Infinity: it can. */
  failFrom: number;
  calls: number;
  /** Makes it writable again. */
  readonly mend: () => void;
}

/** An app on a SQLite file that from some call on cannot be written, by what SQLite itself says. */
function diskOf({ broken, mended }: { readonly broken: string; readonly mended: string }): Disk {
  const connections = spiedConnections();
  const clock = quickClock();
  const store = openStore(freshPath(), { clock });
  const say = (pragma: string): void => {
    for (const connection of connections) connection.exec(pragma);
  };
  function counted<T>(call: () => Promise<T>): Promise<T> {
    disk.calls += 1;
    if (disk.calls === disk.failFrom) say(broken);
    return call();
  }
  const records: RecordStore = {
    durable: true,
    read: (key) => counted(() => store.read(key)),
    compareAndSet: (change) => counted(() => store.compareAndSet(change)),
    watch: (key, changed) => store.watch(key, changed),
  };
  const disk: Disk = {
    at: { ...world({ count: accounts, clock }), store: records },
    failFrom: Infinity,
    calls: 0,
    mend() {
      disk.failFrom = Infinity;
      say(mended);
    },
  };
  return disk;
}

function planOf(at: World): ContainPlan {
  // Long texts, so that the file must grow.
  return attack(at, { reason: 'x'.repeat(250), affected: { accountIds: listed } });
}

type Tried = 'complete' | 'incomplete' | 'rejected';

/** Contains, and says what came of it. What stops it is the store's word, in the clear. */
async function tried({ at }: Disk, plan: ContainPlan, message: string): Promise<Tried> {
  const before = at.errors.length;
  try {
    const report = await processOf(at).incident.contain(plan);
    if (report.complete) return 'complete';
    for (const { state, error } of report.steps) if (state === 'failed') expect(error).toMatch(/ERR_STORE/);
    for (const error of at.errors.slice(before)) expect(error).toMatchObject({ code: 'ERR_STORE' });
    return 'incomplete';
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_STORE' });
    expect(whole(error)).toContain(message);
    return 'rejected';
  }
}

/** The messages of an error and of what has caused it. */
function whole(error: unknown): string {
  return error instanceof Error ? `${error.message} ${whole(error.cause)}` : '';
}

async function markedOf({ at }: Disk): Promise<number> {
  const { resets } = processOf(at);
  const found = await Promise.all([...at.accounts.keys()].map((accountId) => resets.check({ accountId })));
  return found.filter((mark) => mark?.reason === 'incident').length;
}

function mailsOf({ mails }: World): readonly string[] {
  return mails.map(({ kind, to }) => `${kind} ${to}`);
}

// ASVS 5.0 16.5.2, 16.5.3
describe.each([
  ['whose disk is full', { broken: 'PRAGMA max_page_count = 1', mended: 'PRAGMA max_page_count = 1000000' }, 'database or disk is full'],
  ['that may only be read', { broken: 'PRAGMA query_only = 1', mended: 'PRAGMA query_only = 0' }, 'attempt to write a readonly database'],
] as const)('containing on a SQLite file %s', (_which, pragmas, message) => {
  it('from its first call on ends with a clear error, and goes on when it can be written again', async () => {
    const disk = diskOf(pragmas);
    disk.failFrom = 1;
    const plan = planOf(disk.at);
    expect(await tried(disk, plan, message)).not.toBe('complete');
    // On a full disk, what fits into the last page is written.
    if (pragmas.broken.includes('query_only')) expect([await markedOf(disk), disk.at.mails]).toEqual([0, []]);
    disk.mend();
    expect(await tried(disk, plan, message)).toBe('complete');
    expect(await markedOf(disk)).toBe(listed.length);
  });

  it('from any of its calls on leaves what is done as it is, mails nobody twice, and is gone on with when it can be written again', async () => {
    const outcomes = new Set<Tried>();
    for (let failFrom = 2, ended = false; !ended; failFrom += 61) {
      const disk = diskOf(pragmas);
      const plan = planOf(disk.at);
      disk.failFrom = failFrom;
      outcomes.add(await tried(disk, plan, message));
      ended = disk.calls < failFrom;
      const [marked, mailed, level] = [await markedOf(disk), mailsOf(disk.at), (await processOf(disk.at).readOnly.status())[0]?.level];
      // While it is so, another call neither opens what is shut nor mails what was mailed.
      outcomes.add(await tried(disk, plan, message));
      expect(await markedOf(disk), `from call ${failFrom}`).toBeGreaterThanOrEqual(marked);
      expect(mailsOf(disk.at).slice(0, mailed.length)).toEqual(mailed);
      if (level !== undefined) expect(await processOf(disk.at).readOnly.status()).toMatchObject([{ level }]);

      disk.mend();
      const report = await processOf(disk.at).incident.contain(plan);
      expect(report, `from call ${failFrom}`).toMatchObject({ complete: true, affected: { total: listed.length }, resets: { failed: 0 } });
      expect(await markedOf(disk)).toBe(listed.length);
      const mails = mailsOf(disk.at);
      expect(new Set(mails).size, `from call ${failFrom}`).toBe(mails.length);
      const { affected, everyoneElse } = report.notices;
      expect([affected.told + affected.maybe, everyoneElse.told + everyoneElse.maybe]).toEqual([listed.length, accounts - listed.length]);
      expect(mails.length).toBeGreaterThanOrEqual(accounts - affected.maybe - everyoneElse.maybe);
    }
    expect(outcomes.has('rejected') || outcomes.has('incomplete')).toBe(true);
  }, 120_000);
});
