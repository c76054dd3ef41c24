import { describe, expect, it } from 'vitest';
import { createRecoveryCodes } from 'portcullis/recovery';
import { fakeClock } from 'portcullis/testing';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { deathsWithin, dying } from '../support/record-stores.ts';
import { accountId, emptyStore, neverMade, stores } from './setup.ts';

/** Every code that works, tried twice each. */
async function spendable(records: RecordStore, clock: ReturnType<typeof fakeClock>, codes: readonly string[]): Promise<readonly string[]> {
  const recovery = createRecoveryCodes({ records, clock, count: 4 });
  const found: string[] = [];
  for (const code of [...codes, ...codes]) {
    await clock.advance(60_000);
    if ((await recovery.redeem({ accountId, code })).ok) found.push(code);
  }
  return found;
}

const deaths = deathsWithin(3);

// checklist 6; ASVS 2.3.3
describe.each(stores)('a process killed at any call of %s', (on) => {
  it.each(deaths)('while it redeems ($atCall, done: $done) leaves no code that can be spent twice', async (death) => {
    const clock = fakeClock();
    const store = emptyStore(on, clock);
    const codes = await createRecoveryCodes({ records: store, clock, count: 4 }).issue(accountId);
    const answered = await createRecoveryCodes({ records: dying(store, death), clock, count: 4 }).redeem({ accountId, code: codes[0] }).catch(() => undefined);
    const left = await spendable(store, clock, codes);
    const wrote = death.atCall > 2 || (death.atCall === 2 && death.done);
    expect(left).toEqual(wrote ? codes.slice(1) : codes);
    expect(answered).toEqual(death.atCall > 2 ? { ok: true, left: 3, reissue: false } : undefined);
  });

  it.each(deaths)('while it issues ($atCall, done: $done) leaves the old set or none of it, and never both', async (death) => {
    const clock = fakeClock();
    const store = emptyStore(on, clock);
    const old = await createRecoveryCodes({ records: store, clock, count: 4 }).issue(accountId);
    const fresh = await createRecoveryCodes({ records: dying(store, death), clock, count: 4 }).issue(accountId).catch(() => []);
    const wrote = death.atCall > 2 || (death.atCall === 2 && death.done);
    expect(await spendable(store, clock, [...old, ...fresh])).toEqual(wrote ? fresh : old);
    expect(await createRecoveryCodes({ records: store, clock }).status(accountId)).toMatchObject({ count: 4, left: wrote ? 4 - fresh.length : 0 });
  });

  it.each(deaths)('while it revokes ($atCall, done: $done) leaves the whole set or none of it', async (death) => {
    const clock = fakeClock();
    const store = emptyStore(on, clock);
    const codes = await createRecoveryCodes({ records: store, clock, count: 4 }).issue(accountId);
    await createRecoveryCodes({ records: dying(store, death), clock, count: 4 }).revoke(accountId).catch(() => undefined);
    const wrote = death.atCall > 2 || (death.atCall === 2 && death.done);
    expect(await spendable(store, clock, codes)).toEqual(wrote ? [] : codes);
  });
});

// checklist 1; ASVS 16.5.3
describe('a store that fails', () => {
  const broken = new Error('disk full');
  const failing: RecordStore = {
    durable: true,
    read: async () => Promise.reject(broken),
    compareAndSet: async () => Promise.reject(broken),
    watch: () => () => undefined,
  };

  it('is never a yes: what it rejects with reaches the caller', async () => {
    const recovery = createRecoveryCodes({ records: failing });
    await expect(recovery.redeem({ accountId, code: neverMade })).rejects.toBe(broken);
    await expect(recovery.issue(accountId)).rejects.toBe(broken);
    await expect(recovery.status(accountId)).rejects.toBe(broken);
    await expect(recovery.revoke(accountId)).rejects.toBe(broken);
  });

  it('is never a yes where it cannot say whether the code was burnt', async () => {
    const store = memoryStore();
    const [code] = await createRecoveryCodes({ records: store }).issue(accountId);
    const vague: RecordStore = { ...store, compareAndSet: async () => 1 as never };
    await expect(createRecoveryCodes({ records: vague }).redeem({ accountId, code })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'records.compareAndSet: expected true or false' });
  });
});
