import { spawn } from 'node:child_process';
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

/** A process that waits for its turn. `ended`: what it reported, the error that it ended with, or the signal that it died of. `limitBlocks`: the largest file, in 512 bytes. */
async function start(task: ContainTask, limitBlocks?: number): Promise<{ readonly go: () => void; readonly ended: Promise<ContainReport | string | null> }> {
  const limit = limitBlocks === undefined ? '' : `ulimit -f ${limitBlocks}; `;
  const child = spawn('sh', ['-c', `${limit}exec "$0" --no-warnings "$1" "$2"`, process.execPath, join(import.meta.dirname, 'incident-child.ts'), JSON.stringify(task)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let report: ContainReport | string | undefined;
  child.on('message', (said) => {
    if (typeof said !== 'object') return;
    if ('report' in said) report = said.report as ContainReport;
    if ('error' in said) report = String(said.error);
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

  // ASVS 5.0 16.5.2
  it.each([[100], [250]])('where the system lets no file grow beyond %i blocks ends with a clear error and a sound file, on which another process goes on', async (limitBlocks) => {
    const path = freshPath();
    const log = `${path}.log`;
    const accounts = 400;
    const small = await start({ path, log, accounts, takeOverAfterMs: 100 }, limitBlocks);
    small.go();
    const stopped = await small.ended;
    if (typeof stopped === 'string') expect(stopped).toMatch(/^ERR_STORE .*: (database or disk is full|disk I\/O error)/);
    else {
      const failed = stopped?.steps.filter(({ state }) => state === 'failed') ?? [];
      expect([stopped?.complete, failed.length > 0]).toEqual([false, true]);
      for (const { error } of failed) expect(error).toContain('ERR_STORE');
    }
    const whole = await start({ path, log, accounts, takeOverAfterMs: 100 });
    whole.go();
    const report = await whole.ended as ContainReport;
    expect(report).toMatchObject({ complete: true, affected: { total: 200 }, resets: { failed: 0 } });
    expect(await stateOf(path, accounts)).toEqual({ marked: 200, level: 'writes' });
    const mails = linesOf(log).filter((line) => line.startsWith('mail '));
    expect(new Set(mails).size).toBe(mails.length);
    const { affected, everyoneElse } = report.notices;
    expect([affected.told + affected.maybe, everyoneElse.told + everyoneElse.maybe]).toEqual([200, 200]);
  }, 60_000);

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
