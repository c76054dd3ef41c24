import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TotpVerdict } from 'portcullis/totp';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import type { AcceptingTask } from './accepting-child.ts';
import { accountId, keyOf, recordKey, setup, type Setup } from './setup.ts';

/** A process with the file open, which waits for `go`. */
async function startChild(task: AcceptingTask): Promise<{ readonly go: () => void; readonly verdicts: Promise<readonly (TotpVerdict | 'busy')[]> }> {
  const child = fork(join(import.meta.dirname, 'accepting-child.ts'), [JSON.stringify(task)], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'message');
  const verdicts = (once(child, 'message') as Promise<[{ readonly answer: readonly (TotpVerdict | 'busy')[] }]>).then(([{ answer }]) => answer);
  return { go: () => void child.send('go'), verdicts };
}

/** What 25 tries of one code come to in each of three processes, all at the same moment. */
async function fromThree(self: Setup, path: string, code: string): Promise<readonly (TotpVerdict | 'busy')[]> {
  const { id, secret } = keyOf('k1');
  const task = { path, key: { id, secret: Array.from(secret) }, atMs: self.clock.nowMs(), accountId, code, times: 25 };
  const children = await Promise.all([startChild(task), startChild(task), startChild(task)]);
  for (const { go } of children) go();
  return (await Promise.all(children.map(({ verdicts }) => verdicts))).flat();
}

async function enrolled(): Promise<{ readonly self: Setup; readonly path: string }> {
  const path = freshPath();
  const self = setup({ records: openStore(path) });
  await self.enroll();
  return { self, path };
}

describe('several processes with one file', () => {
  // ASVS 5.0 6.5.1, RFC 6238 section 5.2
  it('take a code once between them', async () => {
    const { self, path } = await enrolled();
    const code = self.code();
    const verdicts = await fromThree(self, path, code);
    expect(verdicts).toHaveLength(75);
    expect(verdicts.filter((verdict) => verdict !== 'busy' && verdict.ok)).toHaveLength(1);
    expect(await self.verify(code)).toEqual({ ok: false, reason: 'replayed' });
  });

  // RFC 4226 section 7.3
  it('count every wrong code that they have judged, and judge no more than the wait allows', async () => {
    const { self, path } = await enrolled();
    const verdicts = await fromThree(self, path, self.wrongCode());
    const judged = verdicts.filter((verdict) => verdict !== 'busy' && !verdict.ok && verdict.reason === 'wrong-code').length;
    const { factors } = JSON.parse((await self.records.read(recordKey))?.value ?? '') as { readonly factors: readonly { readonly failures: { readonly failures: number } }[] };
    expect(judged).toBe(5);
    expect(factors[0]?.failures.failures).toBe(judged);
  });
});
