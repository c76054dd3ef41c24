import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ContainProgress } from '../../src/flows/incident/plan.ts';
import type { IncidentOptions } from '../../src/flows/incident/parts.ts';
import { account, attack, processOf, quickClock, world } from '../flows/incident-setup.ts';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { bytesInUse } from '../support/collect.ts';

const total = 1_000_000;
const pageSize = 1_000;
/** One account in a thousand is known to have a password that leaked. */
const oneIn = 1_000;
const affected = total / oneIn;

/** The table of an app: no page of it is kept. `asked`: the cursors, in order. */
function bigTable(onPage: (from: number) => Promise<void>): { readonly pages: NonNullable<IncidentOptions['pages']>; readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    async pages(cursor = '0') {
      const from = Number(cursor);
      asked.push(from);
      await onPage(from);
      const next = from + pageSize;
      return { accounts: Array.from({ length: pageSize }, (_, at) => account(`a${from + at}`)), next: next < total ? String(next) : undefined };
    },
  };
}

// ASVS 5.0 7.4.5, 6.4.6
describe('an incident of an app with a million accounts, on a SQLite file', () => {
  it('is contained in flat memory, with progress; a process that is stopped in the middle is gone on with where it was', async () => {
    const clock = quickClock();
    const path = freshPath();
    const store = openStore(path, { clock });
    const at = { ...world({ count: 0, clock }), store };
    const { resets } = processOf(at);
    for (let id = 0; id < total; id += oneIn) await resets.mark({ accountId: `a${id}`, reason: 'breached', by: 'operator-1' });

    const retained: number[] = [];
    const stop = new AbortController();
    const { pages, asked } = bigTable(async (from) => {
      if (from > 0 && from % (total / 10) === 0) retained.push(await bytesInUse());
      if (from === total / 2) stop.abort();
    });
    const parts: Partial<IncidentOptions> = { pages, accounts: { findById: async (id) => Promise.resolve(account(id)) } };
    const progress: ContainProgress[] = [];
    const plan = attack(at, {
      affected: { breached: true, passwordsSetBeforeMs: clock.nowMs() },
      notices: { affected: true, everyoneElse: false },
      onProgress: (each) => progress.push(each),
    });

    const beganMs = performance.now();
    await expect(processOf(at, parts).incident.contain({ ...plan, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    const stoppedMs = performance.now();
    const pagesBefore = asked.length;
    const report = await processOf(at, parts).incident.contain(plan);
    const endedMs = performance.now();

    expect(report).toMatchObject({ complete: true, failed: 0, affected: { total: affected, because: { breached: affected } }, resets: { marked: 0, already: affected, failed: 0 }, notices: { affected: { told: affected } } });
    expect(at.mails).toHaveLength(affected);
    // Where it had stopped is looked at again, and nothing before that.
    expect(asked[pagesBefore]).toBeGreaterThanOrEqual(total / 2 - pageSize);
    expect(new Set(asked).size).toBe(total / pageSize);
    const found = progress.filter(({ step, state }) => step === 'find' && state === 'going').map(({ accounts }) => accounts);
    expect(found.length).toBeGreaterThan(total / 1_000);
    expect(found).toEqual(found.toSorted((one, other) => one - other));
    expect(found.at(-1)).toBe(total);
    expect(Math.max(...retained) - Math.min(...retained)).toBeLessThan(10_000_000);

    const spread = (Math.max(...retained) - Math.min(...retained)) / 1e6;
    console.log(`${total} accounts, ${affected} affected: ${((stoppedMs - beganMs) / 1_000).toFixed(1)} s until it was stopped, ${((endedMs - stoppedMs) / 1_000).toFixed(1)} s to go on; memory ${spread.toFixed(1)} MB more at most; file ${(statSync(path).size / 1e6).toFixed(1)} MB`);
  }, 300_000);
});
