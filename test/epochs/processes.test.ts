import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSessionEpochs, type SessionEpochs } from 'portcullis/epochs';
import type { EpochMark } from '../../src/ports/session.ts';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { accountId, said } from './setup.ts';

/** Another process with the file. Answers the mark that it gave first, and the one it gives after each revocation. */
async function startChild(path: string): Promise<{ readonly first: EpochMark; readonly revoke: (scope: string) => Promise<EpochMark>; readonly end: () => Promise<unknown> }> {
  const child = fork(join(import.meta.dirname, 'revoking-child.ts'), [path], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const told = async (): Promise<EpochMark> => {
    const [{ mark }] = (await once(child, 'message')) as [{ readonly mark: EpochMark }];
    return mark;
  };
  return {
    first: await told(),
    revoke(scope) {
      const answer = told();
      child.send(scope);
      return answer;
    },
    async end() {
      const exited = once(child, 'exit');
      child.send('end');
      return exited;
    },
  };
}

/** How long after the revocation had returned the session still passed, in ms. */
async function livesFor(epochs: SessionEpochs, mark: EpochMark): Promise<number> {
  const sinceMs = performance.now();
  while ((await epochs.check({ accountId, mark })).live) await wait(10);
  return performance.now() - sinceMs;
}

describe('two processes with one file', () => {
  // ASVS 5.0 7.4.1, 7.4.5
  it.each(['everyone', 'organization', 'user'])('a revocation of %s in one is seen by the other within maxStaleMs', async (scope) => {
    const path = freshPath();
    const child = await startChild(path);
    const epochs = createSessionEpochs({ records: openStore(path) });
    const mine = await epochs.mark({ accountId, organizationIds: ['team-1'] });
    for (const mark of [mine, child.first]) expect(await said(epochs.check({ accountId, mark }))).toBe('live');
    const fresh = await child.revoke(scope);
    // Who signed in there afterwards lives here at once.
    expect(await said(epochs.check({ accountId, mark: fresh }))).toBe('live');
    // The bound is one second by the clock that the piece measures with; the rest is for a busy machine.
    expect(await livesFor(epochs, mine)).toBeLessThan(1_500);
    for (const mark of [mine, child.first]) expect(await said(epochs.check({ accountId, mark }))).toBe(scope);
    epochs.close();
    expect(await child.end()).toEqual([0, null]);
  });

  it('a revocation of everyone in one reaches the other by the watch, long before a large maxStaleMs', async () => {
    const path = freshPath();
    const child = await startChild(path);
    const epochs = createSessionEpochs({ records: openStore(path), maxStaleMs: 60_000 });
    const mine = await epochs.mark({ accountId });
    expect(await said(epochs.check({ accountId, mark: mine }))).toBe('live');
    await child.revoke('everyone');
    expect(await livesFor(epochs, mine)).toBeLessThan(5_000);
    epochs.close();
  });
});
