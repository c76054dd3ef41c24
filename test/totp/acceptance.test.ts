import { describe, expect, it } from 'vitest';
import { createKeyRing, type RecordStore } from 'portcullis';
import { codeAt } from '../support/person.ts';
import { accountId, keyOf, recordKey, setup, stores } from './setup.ts';

const hour = 3_600_000;

describe('a code', () => {
  // ASVS 5.0 6.5.5, RFC 6238 section 5.2
  it('is taken in its step and in the next, and in no other', async () => {
    for (const [stepsAhead, ok] of [[-2, false], [-1, true], [0, true], [1, false]] as const) {
      const self = setup();
      await self.enroll();
      await self.clock.advance(5 * 30_000);
      expect((await self.verify(self.code(stepsAhead))).ok).toBe(ok);
    }
  });

  it('is taken in its step alone where the app is strict', async () => {
    for (const [stepsAhead, ok] of [[-1, false], [0, true], [1, false]] as const) {
      const self = setup({ strict: true });
      await self.enroll();
      await self.clock.advance(5 * 30_000);
      expect((await self.verify(self.code(stepsAhead))).ok).toBe(ok);
    }
  });

  it('changes on the very millisecond', async () => {
    const self = setup({ strict: true });
    await self.enroll();
    await self.clock.advance(30_000 - (self.clock.nowMs() % 30_000) + 60_000);
    const [old, fresh] = [self.code(-1), self.code()];
    expect(await self.verify(old)).toMatchObject({ ok: false });
    expect(await self.verify(fresh)).toMatchObject({ ok: true, driftSteps: 0 });
  });

  // ASVS 5.0 6.5.1
  describe.each(stores)('on %s', (on) => {
    it('has one winner among fifty who send it at once', async () => {
      const self = setup({ on });
      await self.enroll();
      const all = await Promise.all(Array.from({ length: 50 }, () => self.verify(self.code())));
      expect(all.filter(({ ok }) => ok)).toHaveLength(1);
      expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'replayed' });
    });

    it('enrolls once however often it is sent at once', async () => {
      const self = setup({ on });
      const begun = await self.totp.enroll({ accountId, accountName: 'ada' });
      if (!begun.ok) throw new Error(begun.reason);
      self.secret = begun.secret;
      const all = await Promise.all(Array.from({ length: 50 }, () => self.totp.confirm({ accountId, factorId: begun.factorId, code: self.code() })));
      expect(all.filter(({ ok }) => ok)).toHaveLength(1);
      expect(await self.totp.list(accountId)).toHaveLength(1);
    });
  });

  // RFC 6238 section 6
  it('is not taken again after the clock was set back', async () => {
    const self = setup();
    await self.enroll();
    await self.clock.advance(10 * 30_000);
    const [before, used] = [self.code(-1), self.code()];
    expect(await self.verify(used)).toMatchObject({ ok: true });
    self.clock.setWallMs(self.clock.nowMs() - 30_000);
    expect(await self.verify(before)).toMatchObject({ ok: false, reason: 'replayed' });
    self.clock.setWallMs(self.clock.nowMs() - hour);
    expect(await self.verify(self.code())).toMatchObject({ ok: false });
    await self.clock.advance(hour + 60_000);
    expect(await self.verify(self.code())).toMatchObject({ ok: true });
  });

  it('of a late authenticator is taken, and after five in a row its clock is reported', async () => {
    const self = setup();
    const factorId = await self.enroll();
    for (let turn = 0; turn < 6; turn += 1) {
      await self.clock.advance(60_000);
      expect(await self.verify(self.code(-1))).toEqual({ ok: true, factorId, driftSteps: -1 });
    }
    expect(self.events).toEqual([{ type: 'factor.drifted', factorId, steps: -1, accountId }]);
  });

  it('of a late authenticator that is on time in between is no news', async () => {
    const self = setup();
    await self.enroll();
    for (const stepsAhead of [-1, -1, -1, -1, 0, -1, -1, -1, -1]) {
      await self.clock.advance(60_000);
      expect(await self.verify(self.code(stepsAhead))).toMatchObject({ ok: true });
    }
    expect(self.events).toEqual([]);
  });

  it('may be of any authenticator of the account, and one of another account is wrong', async () => {
    const self = setup();
    const first = await self.enroll('one');
    const { secret } = self;
    const second = await self.enroll('two');
    expect(await self.verify(self.code())).toMatchObject({ ok: true, factorId: second });
    expect(await self.verify(codeAt(secret, self.clock.nowMs()))).toMatchObject({ ok: true, factorId: first });
    expect(await self.totp.verify({ accountId: 'user-2', code: self.code() })).toEqual({ ok: false, reason: 'none-enrolled' });
  });

  it.each([undefined, null, 7, '', '12345', '1234567', ['123456'], {}, '1'.repeat(1_000_000)])('that is malformed (%#) is refused, counts nothing and asks no store', async (code) => {
    const calls: string[] = [];
    const dead: RecordStore = { durable: true, read: async (key) => { calls.push(key); return Promise.reject(new Error('asked')); }, compareAndSet: async () => Promise.reject(new Error('asked')), watch: () => () => undefined };
    expect(await setup({ records: dead }).verify(code)).toEqual({ ok: false, reason: 'malformed' });
    expect(calls).toEqual([]);
  });
});

describe('wrong codes in a row', () => {
  async function fail(self: ReturnType<typeof setup>, times: number, known = false): Promise<void> {
    for (let turn = 0; turn < times; turn += 1) {
      expect(await self.verify('000000', known)).toMatchObject({ ok: false, reason: 'wrong-code' });
      await self.clock.advance(hour);
    }
  }

  // SP 800-63B-4 section 3.2.2, RFC 4226 section 7.3
  it('disable the authenticator after fifty, for ever, the right code included; it stays enrolled, and a restart changes nothing', async () => {
    const self = setup();
    const factorId = await self.enroll();
    await fail(self, 49);
    expect((await self.totp.list(accountId))?.[0]?.state).toBe('active');
    expect(await self.verify('000000')).toEqual({ ok: false, reason: 'wrong-code', disabledNow: [factorId] });
    const disabledAtMs = self.clock.nowMs();
    expect(self.events).toEqual([{ type: 'factor.disabled', factorId, failures: 50, accountId }]);
    await self.clock.advance(365 * 24 * hour);
    const again = setup({ records: self.records, clock: self.clock });
    again.secret = self.secret;
    expect(await again.verify(again.code())).toEqual({ ok: false, reason: 'disabled' });
    expect(await again.totp.list(accountId)).toMatchObject([{ state: 'disabled', stateSinceMs: disabledAtMs }]);
    expect(await again.totp.restore({ accountId, factorId })).toMatchObject({ state: 'active' });
    expect(await again.verify(again.code())).toMatchObject({ ok: true });
  });

  it('of strangers leave a known browser its own budget, which ends too', async () => {
    const self = setup();
    await self.enroll();
    await fail(self, 50);
    await fail(self, 19, true);
    expect(await self.verify(self.code(), true)).toMatchObject({ ok: true });
    await fail(self, 20, true);
    expect(await self.verify(self.code(), true)).toEqual({ ok: false, reason: 'disabled' });
  });

  it('are forgotten by a right code of the same authenticator, and of no other', async () => {
    const self = setup({ maxFailures: 5, maxKnownFailures: 5 });
    const first = await self.enroll('one');
    const second = await self.enroll('two');
    await fail(self, 4);
    expect(await self.verify(self.code())).toMatchObject({ ok: true, factorId: second });
    expect(await self.verify('000000')).toEqual({ ok: false, reason: 'wrong-code', disabledNow: [first] });
    expect(await self.totp.list(accountId)).toMatchObject([{ state: 'disabled' }, { state: 'active' }]);
  });

  it('cost a wait from the fifth on, which a new enrollment does not end', async () => {
    const self = setup();
    await self.enroll();
    for (let turn = 0; turn < 5; turn += 1) await self.verify('000000');
    expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'wait', retryAfterMs: 1_000 });
    await self.totp.enroll({ accountId, accountName: 'ada' });
    expect(await self.verify(self.code())).toMatchObject({ reason: 'wait' });
    await self.clock.advance(1_000);
    expect(await self.verify(self.code())).toMatchObject({ ok: true });
  });

  it('are all counted when a thousand are sent at once', async () => {
    const self = setup();
    await self.enroll();
    const all = await Promise.allSettled(Array.from({ length: 1_000 }, () => self.verify('000000')));
    const told = all.filter((each) => each.status === 'fulfilled' && !each.value.ok && each.value.reason === 'wrong-code');
    expect(told.length).toBeLessThanOrEqual(5);
    expect((JSON.parse((await self.records.read(recordKey))?.value ?? '{}') as { factors: { failures: { failures: number } }[] }).factors[0]?.failures.failures).toBe(told.length);
  });
});

describe('sealed secrets', () => {
  // ASVS 5.0 11.2.2
  it('are opened by the key that sealed them and sealed anew by the newest at their next use', async () => {
    const old = setup();
    const factorId = await old.enroll();
    const both = setup({ records: old.records, clock: old.clock, keys: createKeyRing({ keys: [keyOf('k2'), keyOf('k1')] }) });
    both.secret = old.secret;
    expect(await both.verify(both.code())).toMatchObject({ ok: true, factorId });
    const fresh = setup({ records: old.records, clock: old.clock, keys: createKeyRing({ keys: [keyOf('k2')] }) });
    fresh.secret = old.secret;
    await old.clock.advance(30_000);
    expect(await fresh.verify(fresh.code())).toMatchObject({ ok: true, factorId });
  });

  it('can be sealed anew without a code', async () => {
    const old = setup();
    await old.enroll();
    const both = setup({ records: old.records, clock: old.clock, keys: createKeyRing({ keys: [keyOf('k2'), keyOf('k1')] }) });
    expect(await both.totp.reseal(accountId)).toBe(1);
    expect(await both.totp.reseal(accountId)).toBe(0);
  });

  it('whose key is gone refuse, are reported and count nothing', async () => {
    const old = setup();
    const factorId = await old.enroll();
    const fresh = setup({ records: old.records, clock: old.clock, keys: createKeyRing({ keys: [keyOf('k2')] }) });
    const before = await old.records.read(recordKey);
    expect(await fresh.verify(old.code())).toEqual({ ok: false, reason: 'wrong-code' });
    expect(fresh.events).toEqual([{ type: 'factor.unreadable', factorId, reason: 'unknown-key', accountId }]);
    expect(await old.records.read(recordKey)).toEqual(before);
  });

  // ASVS 5.0 11.3.1 to 11.3.3
  it('open nothing for another account, nor in the place of another authenticator', async () => {
    const self = setup();
    await self.enroll();
    const stored = await self.records.read(recordKey);
    const { accountRecordKey } = await import('../../src/kernel/json-record.ts');
    await self.records.compareAndSet({ key: accountRecordKey('totp', 'thief'), expectedVersion: 0, value: stored?.value ?? '' });
    expect(await self.totp.verify({ accountId: 'thief', code: self.code() })).toEqual({ ok: false, reason: 'wrong-code' });
    expect(self.events).toMatchObject([{ type: 'factor.unreadable', reason: 'tampered', accountId: 'thief' }]);
    const renamed = (stored?.value ?? '').replace(/"id":"[^"]+"/, '"id":"another"');
    await self.records.compareAndSet({ key: recordKey, expectedVersion: stored?.version ?? 0, value: renamed });
    expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'wrong-code' });
  });
});

describe('a lost or removed authenticator', () => {
  it('opens nothing once suspended, and again once restored', async () => {
    const self = setup();
    const factorId = await self.enroll();
    expect(await self.totp.suspend({ accountId, factorId })).toMatchObject({ state: 'suspended' });
    expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'disabled' });
    await self.totp.restore({ accountId, factorId });
    expect(await self.verify(self.code())).toMatchObject({ ok: true });
    for (const wrong of ['nobody', undefined, '__proto__', { id: factorId }]) expect(await self.totp.suspend({ accountId, factorId: wrong })).toBeUndefined();
  });

  it('is gone once removed, and the account is known to have none', async () => {
    const self = setup();
    const factorId = await self.enroll();
    expect(await self.totp.remove({ accountId, factorId })).toMatchObject({ id: factorId });
    expect(await self.verify(self.code())).toEqual({ ok: false, reason: 'none-enrolled' });
    expect(await self.totp.list(accountId)).toEqual([]);
    expect(await self.totp.list('user-2')).toBeUndefined();
    await self.enroll();
    expect(await self.totp.removeAll(accountId)).toHaveLength(1);
    expect(await self.totp.list(accountId)).toEqual([]);
  });
});
