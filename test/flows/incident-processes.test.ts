import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createForcedResets } from 'portcullis/resets';
import { createReadOnlyMode } from 'portcullis/read-only';
import { sqliteStore } from 'portcullis/sqlite';
import type { ContainReport } from '../../src/flows/incident/contain-report.ts';
import { stepNames } from '../../src/flows/incident/record.ts';
import { freshPath } from '../stores/sqlite-support.ts';
import type { ContainTask } from './incident-child.ts';

/** A process that waits for its turn. `ended`: what it reported, or the signal that it died of. */
async function start(task: ContainTask): Promise<{ readonly go: () => void; readonly ended: Promise<ContainReport | string | null> }> {
  const child = fork(join(import.meta.dirname, 'incident-child.ts'), [JSON.stringify(task)], { execArgv: ['--no-warnings'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let report: ContainReport | undefined;
  child.on('message', (said) => {
    if (typeof said === 'object' && 'report' in said) report = said.report as ContainReport;
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  await once(child, 'message');
  return { go: () => void child.send('go'), ended: exited.then(([, signal]) => report ?? signal) };
}

function linesOf(log: string): readonly string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
}

function countOf(log: string, line: string): number {
  return linesOf(log).filter((each) => each === line).length;
}

async function stateOf(path: string, accounts: number): Promise<{ readonly marked: number; readonly level: string | undefined }> {
  const records = sqliteStore(path);
  const readOnly = createReadOnlyMode({ records });
  const resets = createForcedResets({ records });
  onTestFinished(() => {
    readOnly.close();
    records.close();
  });
  let marked = 0;
  for (let each = 0; each < accounts; each += 1) if ((await resets.check({ accountId: `a${each}` }))?.reason === 'incident') marked += 1;
  return { marked, level: (await readOnly.status())[0]?.level };
}

describe('containing in processes of their own, on one SQLite file', () => {
  // ASVS 5.0 2.3.3
  it('is gone on with after SIGKILL at every step, one death after the other: nothing lost, nothing done twice', async () => {
    const path = freshPath();
    const log = `${path}.log`;
    const accounts = 60;
    const wanted = stepNames.filter((step) => step !== 'find-exposed');
    const deaths = wanted.flatMap((step) => [`${step} begun`, ...(step.startsWith('tell-') ? ['mail 5'] : []), `${step} done`]);
    for (const dieAt of deaths) {
      const child = await start({ path, log, accounts, takeOverAfterMs: 100, dieAt });
      child.go();
      expect(await child.ended, dieAt).toBe('SIGKILL');
    }
    const last = await start({ path, log, accounts, takeOverAfterMs: 100 });
    last.go();
    const report = await last.ended as ContainReport;
    expect(report).toMatchObject({ complete: true, affected: { total: 30 }, resets: { marked: 30, already: 0, failed: 0 } });
    expect(await stateOf(path, accounts)).toEqual({ marked: 30, level: 'writes' });
    expect(['session.epoch-raised', 'read-only.changed', 'mfa.policy-changed'].map((type) => countOf(log, `event ${type}`))).toEqual([1, 1, 1]);
    const mails = linesOf(log).filter((line) => line.startsWith('mail '));
    expect(new Set(mails).size).toBe(mails.length);
    const { affected, everyoneElse } = report.notices;
    expect([affected.told + affected.maybe, everyoneElse.told + everyoneElse.maybe, affected.failed + everyoneElse.failed]).toEqual([30, 30, 0]);
    // Two died while they mailed, each with at most eight mails of which nobody knows.
    expect(affected.maybe + everyoneElse.maybe).toBeLessThanOrEqual(16);
    expect(mails.length).toBeGreaterThanOrEqual(60 - affected.maybe - everyoneElse.maybe);
  }, 120_000);

  it('by two at the same moment is done once', async () => {
    const path = freshPath();
    const log = `${path}.log`;
    const accounts = 100;
    const both = await Promise.all([0, 1].map(() => start({ path, log, accounts, takeOverAfterMs: 10_000 })));
    for (const { go } of both) go();
    const reports = await Promise.all(both.map(({ ended }) => ended));
    for (const report of reports) expect(report).toMatchObject({ complete: true, affected: { total: 50 }, resets: { marked: 50, already: 0, failed: 0 } });
    expect(await stateOf(path, accounts)).toEqual({ marked: 50, level: 'writes' });
    expect(countOf(log, 'event incident.contained')).toBe(1);
    expect(countOf(log, 'event session.epoch-raised')).toBe(1);
    const mails = linesOf(log).filter((line) => line.startsWith('mail '));
    expect([mails.length, new Set(mails).size]).toEqual([100, 100]);
  }, 60_000);
});
