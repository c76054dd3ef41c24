import { describe, expect, it } from 'vitest';
import { accountId, recordKey, setup, type Setup } from './setup.ts';

const hour = 3_600_000;

async function pending(self: Setup, wanted: { readonly name?: string; readonly source?: string } = {}): Promise<string> {
  const begun = await self.totp.enroll({ accountId, accountName: 'ada@example.com', ...wanted });
  if (!begun.ok) throw new Error(begun.reason);
  self.secret = begun.secret;
  return begun.factorId;
}

describe('the list of an account\'s authenticators', () => {
  // SP 800-63B-4 section 4.1
  it('tells when each was made, confirmed and last used, and where', async () => {
    const self = setup();
    const createdAtMs = self.clock.nowMs();
    const factorId = await pending(self, { name: 'phone', source: `\u202eFirefox\n${'x'.repeat(10_000)}` });
    await self.clock.advance(60_000);
    const confirmedAtMs = self.clock.nowMs();
    await self.totp.confirm({ accountId, factorId, code: self.code() });
    await self.clock.advance(hour);
    const lastUsedAtMs = self.clock.nowMs();
    expect(await self.verify(self.code())).toMatchObject({ ok: true });
    expect(await self.totp.list(accountId)).toEqual([{ id: factorId, name: 'phone', createdAtMs, confirmedAtMs, lastUsedAtMs, state: 'active', stateSinceMs: confirmedAtMs, source: `Firefox${'x'.repeat(249)}` }]);
  });

  it('tells of an imported one when it was taken over, and no use before its first', async () => {
    const self = setup();
    const nowMs = self.clock.nowMs();
    await self.totp.import({ accountId, secret: 'JBSWY3DPEHPK3PXP' });
    expect(await self.totp.list(accountId)).toMatchObject([{ name: 'Authenticator', createdAtMs: nowMs, confirmedAtMs: nowMs, lastUsedAtMs: undefined, source: undefined }]);
  });

  it.each([undefined, '', ' \n ', '\u202e\u200b', 7, null])('gives one that was given no name (%j) one of its own', async (name) => {
    const self = setup();
    const factorId = await pending(self, { name: name as string, source: name as string });
    expect(await self.totp.confirm({ accountId, factorId, code: self.code() })).toMatchObject({ ok: true, factor: { name: 'Authenticator', source: undefined } });
  });

  // ASVS 5.0 6.5.6
  it('tells since when one is reported lost, the first report, and that before anything else', async () => {
    const self = setup({ maxFailures: 5, maxKnownFailures: 5 });
    const factorId = await self.enroll();
    const suspendedAtMs = self.clock.nowMs();
    await self.totp.suspend({ accountId, factorId });
    await self.clock.advance(hour);
    expect(await self.totp.suspend({ accountId, factorId })).toMatchObject({ state: 'suspended', stateSinceMs: suspendedAtMs });
    await self.totp.restore({ accountId, factorId });
    for (let turn = 0; turn < 5; turn += 1) {
      await self.clock.advance(hour);
      await self.verify(self.wrongCode());
    }
    const disabledAtMs = self.clock.nowMs();
    expect(await self.totp.list(accountId)).toMatchObject([{ state: 'disabled', stateSinceMs: disabledAtMs }]);
    await self.clock.advance(hour);
    const lostAtMs = self.clock.nowMs();
    await self.totp.suspend({ accountId, factorId });
    expect(await self.totp.list(accountId)).toMatchObject([{ state: 'suspended', stateSinceMs: lostAtMs }]);
    expect(await self.verify(self.code(), true)).toEqual({ ok: false, reason: 'disabled' });
  });

  it('tells of the first confirmation that it is the first, and of the next that it is not', async () => {
    const self = setup();
    const first = await pending(self);
    expect(await self.totp.confirm({ accountId, factorId: first, code: self.code() })).toMatchObject({ ok: true, first: true });
    const second = await pending(self);
    expect(await self.totp.confirm({ accountId, factorId: second, code: self.code() })).toMatchObject({ ok: true, first: false });
  });

  it('is known to be empty once everything was removed, of an account without any record too', async () => {
    const self = setup();
    expect(await self.totp.list(accountId)).toBeUndefined();
    expect(await self.totp.removeAll(accountId)).toEqual([]);
    expect(await self.totp.list(accountId)).toEqual([]);
  });
});

describe('an import', () => {
  it('lets an enrollment that waits go on', async () => {
    const self = setup();
    const factorId = await pending(self);
    expect(await self.totp.import({ accountId, secret: 'JBSWY3DPEHPK3PXP' })).toMatchObject({ ok: true });
    expect(await self.totp.confirm({ accountId, factorId, code: self.code() })).toMatchObject({ ok: true, first: false });
  });

  it('is refused when there are as many as there may be', async () => {
    const self = setup({ maxFactors: 1 });
    await self.enroll();
    expect(await self.totp.import({ accountId, secret: 'JBSWY3DPEHPK3PXP' })).toEqual({ ok: false, reason: 'too-many-factors' });
  });
});

describe('what has nothing to write', () => {
  it('writes nothing: a refusal that counts nothing, a reseal of what is sealed well', async () => {
    const self = setup();
    const factorId = await self.enroll();
    const before = await self.records.read(recordKey);
    await self.verify('12345');
    await self.verify(self.code(-1));
    await self.totp.reseal(accountId);
    await self.totp.confirm({ accountId, factorId, code: self.code() });
    await self.totp.remove({ accountId, factorId: 'another' });
    expect(await self.records.read(recordKey)).toEqual(before);
  });
});
