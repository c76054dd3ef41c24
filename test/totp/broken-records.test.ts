import { describe, expect, it } from 'vitest';
import { accountId, recordKey, setup, type Setup } from './setup.ts';

interface Stored {
  readonly factors: readonly Readonly<Record<string, unknown>>[];
  readonly pending?: Readonly<Record<string, unknown>>;
}

/** One authenticator and one that waits for its first code. */
async function twoStored(): Promise<{ readonly self: Setup; readonly pendingId: string; readonly rewrite: (change: (stored: Stored) => unknown) => Promise<void> }> {
  const self = setup();
  await self.enroll();
  const begun = await self.totp.enroll({ accountId, accountName: 'ada' });
  if (!begun.ok) throw new Error(begun.reason);
  self.secret = begun.secret;
  return {
    self,
    pendingId: begun.factorId,
    rewrite: async (change) => {
      const { value = '', version = 0 } = (await self.records.read(recordKey)) ?? {};
      await self.records.compareAndSet({ key: recordKey, expectedVersion: version, value: JSON.stringify(change(JSON.parse(value) as Stored)) });
    },
  };
}

function withFactor(change: Readonly<Record<string, unknown>>): (stored: Stored) => unknown {
  return (stored) => ({ ...stored, factors: stored.factors.map((factor) => ({ ...factor, ...change })) });
}

function withPending(change: Readonly<Record<string, unknown>>): (stored: Stored) => unknown {
  return (stored) => ({ ...stored, pending: { ...stored.pending, ...change } });
}

describe('a record that is none of ours', () => {
  // ASVS 5.0 16.5.3
  it.each([
    ['no authenticators', () => ({})],
    ['authenticators that are no list', () => ({ factors: 7 })],
    ['null for an authenticator', () => ({ factors: [null] })],
    ['no last step', withFactor({ lastStep: undefined })],
    ['a last step that is text', withFactor({ lastStep: '7' })],
    ['a last step that every step is newer than', withFactor({ lastStep: -1 })],
    ['no sealed secret', withFactor({ sealed: undefined })],
    ['no failures', withFactor({ failures: undefined })],
    ['no id', withFactor({ id: 7 })],
    ['a time that is text', withFactor({ suspendedAtMs: 'now' })],
    ['null where a waiting one should be', (stored: Stored) => ({ ...stored, pending: null })],
    ['a waiting one that never ends', withPending({ expiresAtMs: undefined })],
    ['a waiting one with tries without end', withPending({ triesLeft: undefined })],
    ['a waiting one with tries that are text', withPending({ triesLeft: '10' })],
  ])('is a broken store and opens nothing: %s', async (_what, change) => {
    const { self, pendingId, rewrite } = await twoStored();
    await rewrite(change);
    const error = { code: 'ERR_STORE', message: 'records: expected authenticators in a record of the kind "totp"' };
    await expect(self.verify(self.code())).rejects.toMatchObject(error);
    await expect(self.totp.confirm({ accountId, factorId: pendingId, code: self.code() })).rejects.toMatchObject(error);
    await expect(self.totp.list(accountId)).rejects.toMatchObject(error);
    await expect(self.totp.reseal(accountId)).rejects.toMatchObject(error);
  });

  it.each([NaN, -1, 0.5, 'none'])('does not make a count of failures of %s open again', async (failures) => {
    const { self, rewrite } = await twoStored();
    await rewrite(withFactor({ failures: { failures, knownFailures: failures, lastMs: 0, lastKnownMs: 0 } }));
    expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'disabled' });
    expect(await self.verify(self.code(), true)).toEqual({ ok: false, reason: 'disabled' });
  });

  it('does not keep an administrator from starting anew', async () => {
    const { self, rewrite } = await twoStored();
    await rewrite(withFactor({ sealed: 'v1.k1.AAAA' }));
    expect(await self.totp.list(accountId)).toHaveLength(1);
    expect(await self.totp.reseal(accountId)).toBe(0);
    expect(await self.totp.removeAll(accountId)).toHaveLength(1);
  });
});
