import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { codeAt } from '../support/person.ts';
import { accountId, setup, type Setup } from './setup.ts';

const hour = 3_600_000;

async function fail(self: Setup, times: number, known = false): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    expect(await self.verify(self.wrongCode(), known)).toMatchObject({ ok: false, reason: 'wrong-code' });
    await self.clock.advance(hour);
  }
}

describe('an authenticator that strangers have got disabled', () => {
  // SP 800-63B-4 section 3.2.2, RFC 4226 section 7.3
  it('works in a known browser, which does not open it for strangers again', async () => {
    const self = setup();
    const factorId = await self.enroll();
    await fail(self, 50);
    const disabledAtMs = self.clock.nowMs() - hour;
    for (let day = 0; day < 3; day += 1) {
      await self.clock.advance(24 * hour);
      expect(await self.verify(self.code(), true)).toMatchObject({ ok: true, factorId });
      await self.clock.advance(30_000);
      expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'disabled' });
    }
    expect(await self.totp.list(accountId)).toMatchObject([{ state: 'disabled', stateSinceMs: disabledAtMs }]);
    // The known browser's own count began anew with each of its right codes.
    await fail(self, 19, true);
    expect(await self.verify(self.code(), true)).toMatchObject({ ok: true });
    await self.totp.restore({ accountId, factorId });
    await self.clock.advance(30_000);
    expect(await self.verify(self.code())).toMatchObject({ ok: true });
  });

  it('is told of once, and not again by the wrong codes of a known browser', async () => {
    const self = setup({ maxFailures: 5, maxKnownFailures: 5 });
    const factorId = await self.enroll();
    await fail(self, 5);
    const [listed] = (await self.totp.list(accountId)) ?? [];
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await self.verify(self.wrongCode(), true)).toEqual({ ok: false, reason: 'wrong-code' });
      await self.clock.advance(hour);
    }
    expect(self.events).toEqual([{ type: 'factor.disabled', factorId, failures: 5, accountId }]);
    expect(await self.totp.list(accountId)).toEqual([listed]);
  });

  it('is disabled even if whoever listens throws', async () => {
    const self = setup({ maxFailures: 5, maxKnownFailures: 5, emit: () => { throw new Error('sink down'); } });
    const factorId = await self.enroll();
    await fail(self, 4);
    expect(await self.verify(self.wrongCode())).toEqual({ ok: false, reason: 'wrong-code', disabledNow: [factorId] });
  });

  it('before that, a right code in any browser forgets the wrong ones', async () => {
    const self = setup();
    await self.enroll();
    await fail(self, 49);
    expect(await self.verify(self.code(), true)).toMatchObject({ ok: true });
    await fail(self, 49);
    expect((await self.totp.list(accountId))?.[0]?.state).toBe('active');
  });

  // SP 800-63B-4 section 3.1.3.2
  it('is disabled for one who enrolls another, who is restarted, and whose clock was set back', async () => {
    const self = setup();
    await self.enroll('lost');
    const { secret } = self;
    await fail(self, 50);
    await self.enroll('fresh');
    const again = setup({ records: self.records, clock: self.clock });
    self.clock.setWallMs(self.clock.nowMs() - 365 * 24 * hour);
    expect(await again.totp.list(accountId)).toMatchObject([{ name: 'lost', state: 'disabled' }, { name: 'fresh', state: 'active' }]);
    self.clock.setWallMs(self.clock.nowMs() + 366 * 24 * hour);
    expect(await again.totp.verify({ accountId, code: codeAt(secret, self.clock.nowMs()) })).toMatchObject({ ok: false, reason: 'wrong-code' });
  });
});

describe('a clock that was set back', () => {
  // RFC 6238 section 6, ASVS 5.0 6.5.8
  it('loses no failure', async () => {
    const self = setup();
    const factorId = await self.enroll();
    await fail(self, 30);
    self.clock.setWallMs(self.clock.nowMs() - 1_000 * hour);
    await fail(self, 19);
    expect(await self.verify(self.wrongCode())).toEqual({ ok: false, reason: 'wrong-code', disabledNow: [factorId] });
  });

  it('to before 1970 refuses a code and throws nothing', async () => {
    const self = setup();
    await self.enroll();
    for (const wallMs of [-1, -hour, 29_999]) {
      self.clock.setWallMs(wallMs);
      expect((await self.verify('123456')).ok).toBe(false);
    }
  });
});

describe('an authenticator beside another one', () => {
  it('is not compared while it is suspended or disabled, and not counted either', async () => {
    const self = setup({ maxFailures: 6, maxKnownFailures: 5 });
    const first = await self.enroll('one');
    await fail(self, 6);
    const second = await self.enroll('two');
    await self.totp.suspend({ accountId, factorId: second });
    const third = await self.enroll('three');
    await fail(self, 5);
    const stored = JSON.parse((await self.records.read(self.recordKey))?.value ?? '{}') as { readonly factors: readonly { readonly id: string; readonly failures: { readonly failures: number } }[] };
    expect(stored.factors.map(({ id, failures }) => [id, failures.failures])).toEqual([[first, 6], [second, 0], [third, 5]]);
  });

  it('waits for itself: the shortest wait is told', async () => {
    const self = setup();
    await self.enroll('one');
    for (let turn = 0; turn < 8; turn += 1) {
      await self.verify(self.wrongCode());
      if (turn < 7) await self.clock.advance(10_000);
    }
    expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'wait', retryAfterMs: 8_000 });
    const begun = await self.totp.enroll({ accountId, accountName: 'ada' });
    if (!begun.ok) throw new Error(begun.reason);
    self.secret = begun.secret;
    await self.totp.confirm({ accountId, factorId: begun.factorId, code: self.code() });
    for (let turn = 0; turn < 5; turn += 1) await self.verify(self.wrongCode());
    expect(await self.verify(self.wrongCode())).toEqual({ ok: false, reason: 'wait', retryAfterMs: 1_000 });
  });

  // ASVS 5.0 6.5.6
  it('that was removed frees its place, and its code is wrong', async () => {
    const clock = fakeClock();
    const self = setup({ clock, maxFactors: 2 });
    const lost = await self.enroll('one');
    const { secret } = self;
    await self.enroll('two');
    expect(await self.totp.enroll({ accountId, accountName: 'ada' })).toEqual({ ok: false, reason: 'too-many-factors' });
    await self.totp.remove({ accountId, factorId: lost });
    expect(await self.verify(codeAt(secret, clock.nowMs()))).toMatchObject({ ok: false, reason: 'wrong-code' });
    await self.enroll('three');
    expect((await self.totp.list(accountId))?.map(({ name }) => name)).toEqual(['two', 'three']);
  });

  it('cannot come in beside one that was imported into the last place', async () => {
    const self = setup({ maxFactors: 1 });
    const begun = await self.totp.enroll({ accountId, accountName: 'ada' });
    if (!begun.ok) throw new Error(begun.reason);
    self.secret = begun.secret;
    expect(await self.totp.import({ accountId, secret: 'JBSWY3DPEHPK3PXP' })).toMatchObject({ ok: true });
    expect(await self.totp.confirm({ accountId, factorId: begun.factorId, code: self.code() })).toEqual({ ok: false, reason: 'unknown-factor' });
    expect(await self.totp.list(accountId)).toHaveLength(1);
  });
});
