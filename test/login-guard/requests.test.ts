import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryEvidence, type EvidenceStore } from 'portcullis';
import type { GuardReceipt } from 'portcullis/login-guard';
import { fakeClock } from 'portcullis/testing';
import { guarded } from './support.ts';

const address = '192.0.2.1';
const halfLifeMs = 12 * 3_600_000;
const request = { address, account: 'ann@example.com', exists: false };

/** A guard whose store says what it found, and what it was given back. */
function watched() {
  const clock = fakeClock();
  const inner = memoryEvidence({ clock });
  const found: { source: number; account: number }[] = [];
  const back: number[] = [];
  const evidence: EvidenceStore = {
    shared: false,
    reserve(attempt) {
      const standing = inner.reserve(attempt);
      found.push({ source: standing.source, account: standing.account });
      return standing;
    },
    settle(outcome) {
      if (outcome.as === 'entered') back.push(outcome.charged.source);
      return inner.settle(outcome);
    },
  };
  return { found, back, ...guarded({ evidence, clock }), clock };
}

// OWASP OAT-019
describe('an attempt without a password', () => {
  it.each([true, false])('counts one against its network and nothing against an account, whether or not there is one: %s', async (exists) => {
    const { guard, found } = watched();
    for (let each = 0; each < 5; each += 1) expect(await guard.reserve({ ...request, exists })).toMatchObject({ refused: false, repeated: false, receipt: { charged: { source: 1, account: 0 } } });
    expect(found.map(({ source }) => source)).toEqual([0, 1, 2, 3, 4]);
    expect(found.every(({ account }) => account === 0)).toBe(true);
  });

  it('is refused where a network is, and says at which form', async () => {
    const { guard, fail, events } = guarded();
    for (let each = 0; each < 40; each += 1) await fail({ account: `nobody${each}`, exists: false, password: `wrong ${each}` });
    expect(await guard.reserve({ ...request, flow: 'forgot-password', about: { nameTag: 'tag' } })).toMatchObject({ refused: true, reasons: ['source'] });
    expect(events.at(-1)).toEqual({ type: 'login-guard.decided', verdict: 'refuse', reasons: ['source'], enforced: true, flow: 'forgot-password', nameTag: 'tag' });
  });

  it('says nothing of strangers who fail: settled as failed, it raises no surge and no password is remembered', async () => {
    const { guard, events } = guarded();
    for (let each = 0; each < 500; each += 1) {
      const { receipt } = await guard.reserve({ ...request, account: `user${each}`, address: `198.51.${each >> 8}.${each & 255}` });
      await guard.settle(receipt, 'failed');
    }
    expect(events).toEqual([]);
  });
});

describe('what is given back', () => {
  it('is what is left of it by then, and no more', async () => {
    const { guard, clock, fail, found } = watched();
    for (let each = 0; each < 16; each += 1) await fail({ account: `nobody${each}`, exists: false, password: `wrong ${each}` });
    const receipts: GuardReceipt[] = [];
    for (let each = 0; each < 8; each += 1) receipts.push((await guard.reserve(request)).receipt);
    clock.setWallMs(clock.nowMs() + halfLifeMs);
    for (const receipt of receipts) await guard.settle(receipt, 'entered');
    await guard.reserve(request);
    expect(found.at(-1)?.source).toBeCloseTo(8, 6);
  });

  it('is never more than was counted: after any time, forwards or backwards, and with a receipt of an older version or out of a record', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: -10 * halfLifeMs, max: 100 * halfLifeMs }), fc.boolean(), async (laterMs, isOld) => {
      const { guard, clock, back } = watched();
      const { attempt, charged, atMs } = (await guard.reserve(request)).receipt;
      const receipt: GuardReceipt = isOld ? { attempt, charged } : { attempt, charged, ...(atMs !== undefined && { atMs }) };
      clock.setWallMs(clock.nowMs() + laterMs);
      await guard.settle(JSON.parse(JSON.stringify(receipt)) as GuardReceipt, 'entered');
      expect(back[0]).toBeGreaterThanOrEqual(0);
      expect(back[0]).toBeLessThanOrEqual(1);
    }), { numRuns: 50 });
  });

  it('is nothing where the store was away when it was to be counted', async () => {
    let away = true;
    const inner = memoryEvidence();
    const { guard } = guarded({ evidence: { shared: false, reserve: (attempt) => { if (away) throw new Error('away'); return inner.reserve(attempt); }, settle: (outcome) => inner.settle(outcome) } });
    const pass = await guard.reserve(request);
    expect(pass).toMatchObject({ refused: false, reasons: ['evidence-unknown'] });
    away = false;
    for (let each = 0; each < 3; each += 1) await guard.reserve(request);
    await guard.settle(pass.receipt, 'entered');
    expect(await guard.reserve(request)).toMatchObject({ receipt: { charged: { source: 1 } } });
    for (let each = 0; each < 5; each += 1) await guard.reserve(request);
    expect((await guard.reserve(request)).reasons).toEqual(['source']);
  });
});
