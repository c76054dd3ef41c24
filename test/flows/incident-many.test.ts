import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RecordStore } from 'portcullis';
import { account, pagesOf, processOf, world } from './incident-setup.ts';

const count = 100_000;

/** A store that keeps of the records of single accounts no more than their state: what grows beside them is the library. */
function thinStore(beside: RecordStore): RecordStore & { readonly told: Uint8Array } {
  const told = new Uint8Array(count * 20);
  const states = ['', 'claimed', 'told'];
  const slotOf = (key: string): number => createHash('sha256').update(key).digest().readUInt32BE(0) % told.length;
  return {
    told,
    durable: true,
    async read(key) {
      if (key.startsWith('incident-affected:')) return Promise.resolve(undefined);
      if (!key.startsWith('incident-told:')) return beside.read(key);
      const state = told[slotOf(key)] ?? 0;
      return Promise.resolve(state === 0 ? undefined : { value: `{"everyone":"${states[state] ?? ''}"}`, version: state });
    },
    async compareAndSet(change) {
      if (!change.key.startsWith('incident-told:')) return beside.compareAndSet(change);
      const slot = slotOf(change.key);
      if (told[slot] !== change.expectedVersion) return false;
      told[slot] = change.expectedVersion + 1;
      return Promise.resolve(true);
    },
    watch: () => () => undefined,
  };
}

describe('an incident of many accounts', () => {
  it('writes down how far the finding is for 256 of them at a time: a disk takes longer for that than for looking at them', async () => {
    const at = world({ count: 2_048 });
    let writes = 0;
    const records: RecordStore = { ...at.store, compareAndSet: (change) => (change.key.startsWith('incident:') ? ((writes += 1), at.store.compareAndSet(change)) : at.store.compareAndSet(change)) };
    const { resets } = processOf(at);
    const marked = [...at.accounts.keys()];
    for (const accountId of marked) await resets.mark({ accountId, reason: 'breached', by: 'operator-1' });
    const { incident } = processOf({ ...at, store: records }, { pages: pagesOf(at, 10_000) });
    const report = await incident.contain({ id: 'october', by: 'operator-1', reason: 'An attack', readOnly: false, sessions: 'affected', affected: { breached: true }, reset: false, secondFactor: false, notices: { affected: false, everyoneElse: false } });
    expect(report).toMatchObject({ complete: true, affected: { total: 2_048 } });
    // Found and ended in eight parts each, and what begins and ends.
    expect(writes).toBeLessThan(30);
  });

  it('needs no more memory for a hundred thousand than for a few: one page, eight mails at a time', async () => {
    const at = world({ count: 0 });
    const records = thinStore(at.store);
    let [mails, open, mostOpen, pagesAsked, mostHeap] = [0, 0, 0, 0, 0];
    const { incident } = processOf({ ...at, store: records }, {
      mailer: {
        async send() {
          open += 1;
          mostOpen = Math.max(mostOpen, open);
          mails += 1;
          await Promise.resolve();
          open -= 1;
        },
      },
      async pages(cursor = '0') {
        pagesAsked += 1;
        const from = Number(cursor);
        if (pagesAsked % 10 === 0) mostHeap = Math.max(mostHeap, process.memoryUsage().heapUsed);
        const accounts = Array.from({ length: 1_000 }, (_, each) => account(`a${from + each}`));
        return Promise.resolve({ accounts, next: from + 1_000 < count ? String(from + 1_000) : undefined });
      },
    });
    const before = process.memoryUsage().heapUsed;
    const progress: number[] = [];
    const report = await incident.contain({ id: 'october', by: 'operator-1', reason: 'An attack', affected: {}, onProgress({ step, accounts }) {
      if (step === 'tell-others') progress.push(accounts);
    } });
    expect(report).toMatchObject({ complete: true });
    const { told, maybe } = report.notices.everyoneElse;
    // A few share a slot of the thin store.
    expect([told + maybe, mails > count * 0.9]).toEqual([count, true]);
    expect(pagesAsked).toBe(count / 1_000);
    expect(mostOpen).toBeLessThanOrEqual(8);
    expect(mostHeap - before).toBeLessThan(150 * 1_024 * 1_024);
    expect(progress.length).toBeGreaterThan(count / 100);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
    expect(progress.at(-1)).toBe(count);
  }, 120_000);
});
