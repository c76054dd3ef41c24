import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRecoveryCodes, type RecoveryVerdict } from 'portcullis/recovery';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { accountId, neverMade } from './setup.ts';

async function heard(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(15_000) })) as unknown[];
  return message;
}

/** Another process of the app, on the same file. */
async function startProcess(path: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'redeemer.ts'), [path], { execArgv: ['--no-warnings'] });
  onTestFinished(async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    if (child.connected) child.disconnect();
    await ended;
  });
  expect(await heard(child)).toBe('ready');
  return child;
}

async function redeemIn(child: ChildProcess, code: string | undefined, account: string): Promise<RecoveryVerdict> {
  const verdict = heard(child);
  child.send({ accountId: account, code });
  return (await verdict) as RecoveryVerdict;
}

describe('several processes on one file', () => {
  // checklist 6; ASVS 6.5.1, 15.4.2
  it('redeem a code once, when two of them get it at the same moment', async () => {
    const path = freshPath();
    const recovery = createRecoveryCodes({ records: openStore(path) });
    const children = await Promise.all([startProcess(path), startProcess(path)]);
    for (let turn = 0; turn < 25; turn += 1) {
      const account = `user-${turn}`;
      const [code] = await recovery.issue(account);
      const verdicts = await Promise.all(children.map((child) => redeemIn(child, code, account)));
      expect(verdicts.filter(({ ok }) => ok)).toEqual([{ ok: true, left: 9, reissue: false }]);
      expect(verdicts.filter(({ ok }) => !ok)).toEqual([{ ok: false, reason: 'wrong-code' }]);
    }
  });

  it('do not forget a used code, nor a failure, when they start anew', async () => {
    const path = freshPath();
    const before = openStore(path);
    const first = createRecoveryCodes({ records: before });
    const [used, fresh] = await first.issue(accountId);
    expect(await first.redeem({ accountId, code: used })).toMatchObject({ ok: true });
    for (let turn = 0; turn < 6; turn += 1) await first.redeem({ accountId, code: neverMade });
    before.close();

    const second = createRecoveryCodes({ records: openStore(path) });
    expect(await second.status(accountId)).toMatchObject({ left: 9, count: 10 });
    expect(await second.redeem({ accountId, code: fresh })).toMatchObject({ ok: false, reason: 'wait' });
    expect(await second.redeem({ accountId, code: used, known: true })).toEqual({ ok: false, reason: 'wrong-code' });
    expect(await second.redeem({ accountId, code: fresh, known: true })).toMatchObject({ ok: true, left: 8 });
  });
});
