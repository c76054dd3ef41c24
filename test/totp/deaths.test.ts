import { describe, expect, it } from 'vitest';
import { createKeyRing, type RecordStore } from 'portcullis';
import { createTotp, type Totp } from 'portcullis/totp';
import { deathsWithin, dying, type Death } from '../support/record-stores.ts';
import { accountId, keyOf, recordKey, setup, stores, type Setup } from './setup.ts';

const bothKeys = createKeyRing({ keys: [keyOf('k2'), keyOf('k1')] });

/** The piece after a restart. */
function opened(self: Setup, records = self.records): Totp {
  return createTotp({ keys: bothKeys, records, issuer: 'ACME', clock: self.clock });
}

/** One authenticator that counts, one that is suspended, and one that waits for its first code. */
async function begun(on: (typeof stores)[number]): Promise<{ readonly self: Setup; readonly activeId: string; readonly lostId: string; readonly pendingId: string; readonly activeCode: () => string }> {
  const self = setup({ on });
  const lostId = await self.enroll('lost');
  await self.totp.suspend({ accountId, factorId: lostId });
  const activeId = await self.enroll('phone');
  const { secret } = self;
  const pending = await self.totp.enroll({ accountId, accountName: 'ada' });
  if (!pending.ok) throw new Error(pending.reason);
  self.secret = pending.secret;
  return { self, activeId, lostId, pendingId: pending.factorId, activeCode: () => setupCode(self, secret) };
}

function setupCode(self: Setup, secret: string): string {
  const { secret: pending } = self;
  self.secret = secret;
  const code = self.code();
  self.secret = pending;
  return code;
}

type Begun = Awaited<ReturnType<typeof begun>>;

/** Each verb that writes: what it does, and how many authenticators there are after it (two before). */
const verbs: readonly (readonly [name: string, after: number, run: (totp: Totp, at: Begun) => Promise<unknown>])[] = [
  ['enroll', 2, async (totp) => totp.enroll({ accountId, accountName: 'ada', name: 'another' })],
  ['confirm', 3, async (totp, { pendingId, self }) => totp.confirm({ accountId, factorId: pendingId, code: self.code() })],
  ['confirm with a wrong code', 2, async (totp, { pendingId, self }) => totp.confirm({ accountId, factorId: pendingId, code: self.wrongCode() })],
  ['import', 3, async (totp) => totp.import({ accountId, secret: 'JBSWY3DPEHPK3PXP' })],
  ['verify', 2, async (totp, { activeCode }) => totp.verify({ accountId, code: activeCode() })],
  ['verify with a wrong code', 2, async (totp, { self }) => totp.verify({ accountId, code: self.wrongCode() })],
  ['remove', 1, async (totp, { activeId }) => totp.remove({ accountId, factorId: activeId })],
  ['removeAll', 0, async (totp) => totp.removeAll(accountId)],
  ['suspend', 2, async (totp, { activeId }) => totp.suspend({ accountId, factorId: activeId })],
  ['restore', 2, async (totp, { lostId }) => totp.restore({ accountId, factorId: lostId })],
  ['reseal', 2, async (totp) => totp.reseal(accountId)],
];

const deaths = deathsWithin(3);

/** The second call is the one that writes. */
function isWritten({ atCall, done }: Death): boolean {
  return atCall > 2 || (atCall === 2 && done);
}

// ASVS 5.0 2.3.3
describe.each(stores)('a process that ends at any call of its store, %s', (on) => {
  it.each(verbs)('has carried out the whole of %s or nothing of it', async (_name, after, run) => {
    for (const death of deaths) {
      const at = await begun(on);
      const before = await at.self.records.read(recordKey);
      const written = isWritten(death);
      await run(opened(at.self, dying(at.self.records, death)), at).catch((error: unknown) => {
        expect(error).toMatchObject({ message: 'dead' });
      });
      const found = await at.self.records.read(recordKey);
      if (written) expect(found?.version).toBeGreaterThan(before?.version ?? 0);
      else expect(found).toEqual(before);
      const listed = await opened(at.self).list(accountId);
      expect(listed).toHaveLength(written ? after : 2);
      // What is listed is whole: its time, its state and its name are there.
      for (const factor of listed ?? []) expect(factor).toMatchObject({ name: expect.stringMatching(/./) as string, confirmedAtMs: expect.any(Number) as number, stateSinceMs: expect.any(Number) as number });
    }
  });

  it.each(deaths)('leaves an authenticator that counts or none, and its code spent if it counts (call $atCall, done: $done)', async (death) => {
    const at = await begun(on);
    const code = at.self.code();
    const confirmation = { accountId, factorId: at.pendingId, code };
    await opened(at.self, dying(at.self.records, death)).confirm(confirmation).catch(() => undefined);
    const again = opened(at.self);
    const counts = (await again.list(accountId))?.some(({ id }) => id === at.pendingId);
    if (counts === true) expect(await again.verify({ accountId, code })).toEqual({ ok: false, reason: 'replayed' });
    else expect(await again.confirm(confirmation)).toMatchObject({ ok: true });
  });

  it.each(deaths)('leaves no code that can be spent twice (call $atCall, done: $done)', async (death) => {
    const at = await begun(on);
    const attempt = { accountId, code: at.activeCode() };
    const crashed = await opened(at.self, dying(at.self.records, death)).verify(attempt).catch(() => undefined);
    const after = await opened(at.self).verify(attempt);
    expect([crashed?.ok === true, after.ok].filter(Boolean).length).toBeLessThanOrEqual(1);
    expect(after.ok).toBe(!isWritten(death));
  });

  it('leaves no guess uncounted whose answer was told', async () => {
    for (const death of deaths) {
      const at = await begun(on);
      const told = await opened(at.self, dying(at.self.records, death)).verify({ accountId, code: at.self.wrongCode() }).catch(() => undefined);
      const { factors } = JSON.parse((await at.self.records.read(recordKey))?.value ?? '') as { readonly factors: readonly { readonly id: string; readonly failures: { readonly failures: number } }[] };
      const counted = factors.find(({ id }) => id === at.activeId)?.failures.failures;
      if (told !== undefined || (death.atCall === 2 && death.done)) expect(counted).toBe(1);
      else expect(counted).toBe(0);
    }
  });
});

describe('a store that is down', () => {
  it.each(verbs)('makes %s reject, and the error is its own', async (_name, _after, run) => {
    const at = await begun('memoryStore');
    await expect(run(opened(at.self, dying(at.self.records, { atCall: 1, done: false })), at)).rejects.toThrow('dead');
  });

  it.each([1, 0, 'ok', undefined])('in that it answers %s instead of true or false accepts no code', async (answer) => {
    const at = await begun('memoryStore');
    const lying: RecordStore = { durable: true, read: (key) => at.self.records.read(key), compareAndSet: async () => Promise.resolve(answer as unknown as boolean), watch: () => () => undefined };
    await expect(opened(at.self, lying).verify({ accountId, code: at.activeCode() })).rejects.toMatchObject({ code: 'ERR_STORE' });
  });
});
