import { describe, expect, it } from 'vitest';
import { accountId, neverMade, recordKey, repeated, setup, type Setup } from './setup.ts';

const wrong = { ok: false, reason: 'wrong-code' };

function wait(retryAfterMs: number) {
  return { ok: false, reason: 'wait', retryAfterMs };
}

/** Wrong codes, each as soon as it is heard. Answers what each had to wait before it, ms. */
async function fail({ redeem, clock }: Setup, times: number, known = false): Promise<readonly number[]> {
  return repeated(times, async () => {
    const verdict = await redeem(neverMade, known);
    const waitedMs = verdict.ok || verdict.reason !== 'wait' ? 0 : verdict.retryAfterMs;
    if (waitedMs === 0) return 0;
    await clock.advance(waitedMs);
    expect(await redeem(neverMade, known)).toEqual(wrong);
    return waitedMs;
  });
}

// checklist 56; SP 800-63B-4 section 4.2.1.1
describe('wrong recovery codes', () => {
  it('are free five times, then cost 1, 2, 4 s and so on, and never more than a minute', async () => {
    const kit = setup();
    await kit.recovery.issue(accountId);
    expect(await fail(kit, 14)).toEqual([0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('never close the door: after 500 of them a right one opens it within a minute', async () => {
    const kit = setup();
    const [code] = await kit.recovery.issue(accountId);
    await fail(kit, 500);
    expect(await kit.redeem(code)).toEqual(wait(60_000));
    await kit.clock.advance(60_000);
    expect(await kit.redeem(code)).toMatchObject({ ok: true });
  });

  it('are not looked at while others have to wait, and then neither write nor count nor make the wait longer', async () => {
    const kit = setup();
    const [code] = await kit.recovery.issue(accountId);
    await fail(kit, 5);
    const before = await kit.stored();
    kit.calls.length = 0;
    for (const tried of [code, neverMade, code]) expect(await kit.redeem(tried)).toEqual(wait(1_000));
    expect(kit.calls).toEqual(['read', 'read', 'read']);
    expect(await kit.stored()).toBe(before);
    await kit.clock.advance(1_000);
    expect(await kit.redeem(code)).toMatchObject({ ok: true });
  });

  // checklist 9
  it('are forgotten by a right one, and by nothing else: no time, new codes, revocation or restart', async () => {
    const kit = setup();
    await kit.recovery.issue(accountId);
    await fail(kit, 8);
    await kit.clock.advance(365 * 24 * 3_600_000);
    await kit.recovery.revoke(accountId);
    const [code] = await kit.recovery.issue(accountId);
    const { redeem } = setup({ store: kit.records, clock: kit.clock });
    expect(await redeem(neverMade)).toEqual(wrong);
    expect(await redeem(neverMade)).toEqual(wait(16_000));
    await kit.clock.advance(16_000);
    expect(await redeem(code)).toMatchObject({ ok: true });
    expect(await fail(kit, 6)).toEqual([0, 0, 0, 0, 0, 1_000]);
  });

  it('from strangers make nobody wait in a browser that the account knows, nor the other way round', async () => {
    const kit = setup();
    const [first, second] = await kit.recovery.issue(accountId);
    await fail(kit, 20);
    expect(await kit.redeem(first)).toEqual(wait(60_000));
    expect(await kit.redeem(first, true)).toMatchObject({ ok: true });
    await fail(kit, 5, true);
    expect(await kit.redeem(second, true)).toEqual(wait(1_000));
    expect(await kit.redeem(second, false)).toMatchObject({ ok: true });
  });

  it('of a thousand at once are all answered, and no more than five of them were heard', async () => {
    const kit = setup();
    await kit.recovery.issue(accountId);
    const all = await Promise.all(Array.from({ length: 1_000 }, () => kit.redeem(neverMade)));
    expect(all.filter((verdict) => !verdict.ok && verdict.reason === 'wrong-code')).toHaveLength(5);
    expect(all.filter((verdict) => !verdict.ok && verdict.reason === 'wait')).toHaveLength(995);
  });

  it('neither lock nor free anybody when the clock is set back', async () => {
    const kit = setup();
    const [code, other] = await kit.recovery.issue(accountId);
    await fail(kit, 20);
    kit.clock.setWallMs(kit.clock.nowMs() - 10 * 365 * 24 * 3_600_000);
    expect(await kit.redeem(neverMade)).toEqual(wrong);
    expect(await kit.redeem(code)).toEqual(wait(60_000));
    await kit.clock.advance(60_000);
    expect(await kit.redeem(code)).toMatchObject({ ok: true });
    expect(await kit.redeem(code)).toEqual(wrong);
    expect(await kit.redeem(other)).toMatchObject({ ok: true });
  });
});

describe('a record that is not as it was written', () => {
  const set = { unused: ['A'.repeat(43)], issued: 10, issuedAtMs: 1, failures: { failures: 0, knownFailures: 0, lastMs: 0, lastKnownMs: 0 } };

  it.each<readonly [string]>([
    ['not JSON'],
    ['[]'],
    ['{}'],
    [JSON.stringify({ ...set, unused: undefined })],
    [JSON.stringify({ ...set, unused: { length: 1 } })],
    [JSON.stringify({ ...set, unused: [null] })],
    [JSON.stringify({ ...set, unused: [''] })],
    [JSON.stringify({ ...set, unused: ['A'.repeat(42)] })],
    [JSON.stringify({ ...set, unused: Array.from({ length: 21 }, () => 'A'.repeat(43)), issued: 21 })],
    [JSON.stringify({ ...set, issued: 0 })],
    [JSON.stringify({ ...set, issued: '10' })],
    [JSON.stringify({ ...set, issuedAtMs: Infinity })],
    [JSON.stringify({ ...set, lastUsedAtMs: 'yesterday' })],
    [JSON.stringify({ ...set, failures: undefined })],
    [JSON.stringify({ ...set, failures: null })],
  ])('is a broken store, and opens nothing: %s', async (value) => {
    const { recovery, records, redeem } = setup();
    await records.compareAndSet({ key: recordKey, expectedVersion: 0, value });
    for (const ask of [redeem(neverMade), recovery.status(accountId), recovery.issue(accountId), recovery.revoke(accountId)]) {
      await expect(ask).rejects.toMatchObject({ code: 'ERR_STORE', message: expect.stringMatching(/^(recovery: the record of an account is no set of codes|records: expected JSON in a record of the kind "recovery")$/) as string });
    }
  });

  it('but for its numbers of failures, still opens to a right code after the longest wait', async () => {
    for (const lie of [-1, '3', null, 1e300, 0.5]) {
      const kit = setup();
      const [code] = await kit.recovery.issue(accountId);
      const nowMs = kit.clock.nowMs();
      const stored = JSON.parse((await kit.stored()) ?? '') as object;
      const version = (await kit.records.read(recordKey))?.version ?? 0;
      await kit.records.compareAndSet({ key: recordKey, expectedVersion: version, value: JSON.stringify({ ...stored, failures: { failures: lie, knownFailures: lie, lastMs: nowMs, lastKnownMs: nowMs } }) });
      expect(await kit.redeem(code)).toEqual(wait(60_000));
      await kit.clock.advance(60_000);
      expect(await kit.redeem(neverMade)).toEqual(wrong);
      await kit.clock.advance(60_000);
      expect(await kit.redeem(code)).toMatchObject({ ok: true });
    }
  });

  it('is not made by huge times and counts of our own', async () => {
    const kit = setup();
    kit.clock.setWallMs(Number.MAX_SAFE_INTEGER);
    const [code] = await kit.recovery.issue(accountId);
    expect(await kit.redeem(neverMade)).toEqual(wrong);
    expect(await kit.redeem(code)).toMatchObject({ ok: true });
    expect(await kit.recovery.status(accountId)).toMatchObject({ left: 9 });
  });
});
