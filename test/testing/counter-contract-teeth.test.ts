import { describe, expect, it } from 'vitest';
import { counterStoreContract, type ContractCase } from 'portcullis/testing';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import type { CounterRule, CounterStore } from '../../src/ports/counter-store.ts';
import { plainCounters, type CounterParts } from './broken-counters.ts';

async function failing(contract: readonly ContractCase[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, run } of contract) await run().catch(() => names.push(name));
  return names;
}

/** A mistake, and a case that must find it. */
const mistakes: readonly (readonly [string, (right: CounterParts) => Partial<CounterParts>, RegExp])[] = [
  ['looks first and writes later', () => ({ pause: () => new Promise((resolve) => { setImmediate(resolve); }) }), /lets exactly the burst through when fifty/],
  ['counts in the wall clock', ({ wallMs }) => ({ nowMs: wallMs }), /when the clock is set back/],
  ['counts in whole seconds', () => ({ toStored: (aheadMs, nowMs) => Math.floor((nowMs + aheadMs) / 1000) * 1000 }), /in a window of 100 ms/],
  ['rounds time up to seconds', () => ({ toStored: (aheadMs, nowMs) => Math.ceil((nowMs + aheadMs) / 1000) * 1000 }), /also of a window below a second/],
  ['keeps 32 bits of milliseconds', () => ({ toStored: (aheadMs, nowMs) => (nowMs + aheadMs) | 0 }), /in a window of 90 days/],
  ['keeps nothing beyond a year', () => ({ fromStored: (fullAtMs, nowMs) => (fullAtMs - nowMs > 365 * 86_400_000 ? 0 : Math.max(0, fullAtMs - nowMs)) }), /in a window of 400 days/],
  ['lets one more through', () => ({ passes: ({ rule, cost }, aheadMs) => aheadMs + (cost - 1 - rule.burst) * rule.intervalMs <= 0.001 }), /spend its burst at once/],
  ['compares fractions without leave', () => ({ passes: ({ rule, cost }, aheadMs) => aheadMs + cost * rule.intervalMs <= rule.burst * rule.intervalMs }), /adds up fractional intervals/],
  ['ignores the cost when it looks', () => ({ passes: ({ rule }, aheadMs) => aheadMs + (1 - rule.burst) * rule.intervalMs <= 0.001 }), /as many units as the cost says/],
  ['lets refunds pile up', () => ({ refunded: (aheadMs, givenMs) => aheadMs - givenMs, fromStored: (fullAtMs, nowMs) => (fullAtMs === 0 ? 0 : fullAtMs - nowMs) }), /never more than the burst/],
  ['charges the keys that could pay although another could not', () => ({
    refuse(charges, { aheadMs }, write) {
      for (const [at, charge] of charges.entries()) write(charge, (aheadMs[at] ?? 0) + charge.rule.intervalMs);
    },
  }), /all keys of a call or none/],
  ['makes the refused wait longer', () => ({
    refuse(charges, { aheadMs }, write) {
      for (const [at, charge] of charges.entries()) write(charge, (aheadMs[at] ?? 0) + 100);
    },
  }), /because it is refused again/],
  ['forgets whom it refused', () => ({
    refuse(charges, _, write) {
      for (const charge of charges) write(charge, 0);
    },
  }), /spend its burst at once/],
  ['clears every key', () => ({ clears: (stored) => { stored.clear(); } }), /clears one key of one rule/],
  ['clears nothing', () => ({ clears: () => undefined }), /clears one key of one rule/],
  ['charges for a peek', () => ({
    afterPeek(charges, write) {
      for (const charge of charges) write(charge, charge.rule.intervalMs);
    },
  }), /charges nothing for it/],
  ['joins rule and key by a colon', () => ({ slotOf: (rule, key) => `${rule.name}:${key}` }), /read the same when joined/],
  ['ends a key at NUL', ({ slotOf }) => ({ slotOf: (rule, key) => slotOf(rule, key.split('\0')[0] ?? '') }), /hostile keys apart/],
  ['writes keys as UTF-8', ({ slotOf }) => ({ slotOf: (rule, key) => slotOf(rule, Buffer.from(key).toString()) }), /hostile keys apart/],
  ['cuts long keys off', ({ slotOf }) => ({ slotOf: (rule, key) => slotOf(rule, key.slice(0, 255)) }), /hostile keys apart/],
  ['ignores case', ({ slotOf }) => ({ slotOf: (rule, key) => slotOf(rule, key.toLowerCase()) }), /hostile keys apart/],
  ['makes all Unicode forms one', ({ slotOf }) => ({ slotOf: (rule, key) => slotOf(rule, key.normalize('NFC')) }), /hostile keys apart/],
  ['ignores outer spaces', ({ slotOf }) => ({ slotOf: (rule, key) => slotOf(rule, key.trim()) }), /hostile keys apart/],
  ['knows a rule by its object', () => {
    const seen = new Map<CounterRule, number>();
    return { slotOf: (rule, key) => `${seen.get(rule) ?? (seen.set(rule, seen.size), seen.size - 1)} ${JSON.stringify(key)}` };
  }, /whichever object brings it/],
];

describe('the contract of counter stores', () => {
  it('passes a plain, correct store', async () => {
    expect(await failing(counterStoreContract(() => plainCounters()))).toEqual([]);
  });

  it.each(mistakes)('finds a store that %s', async (_, wrong, expected) => {
    expect(await failing(counterStoreContract(() => plainCounters(wrong)))).toContainEqual(expect.stringMatching(expected));
  });

  it('finds a store that counts in windows of fixed length', async () => {
    expect(await failing(counterStoreContract(() => fixedWindows()))).toContainEqual(expect.stringMatching(/around the edge of a window/));
  });

  it('finds a store that keeps its keys in a plain object', async () => {
    const names = await failing(counterStoreContract(() => {
      const subject = plainCounters();
      const table: Record<string, true> = {};
      return { ...subject, store: { ...subject.store, take: (charges) => {
        // "Seen before" is also true of what every object inherits.
        const [charge] = charges;
        if (charges.length === 1 && charge !== undefined && charge.key in table && !Object.hasOwn(table, charge.key)) return { allowed: false, aheadMs: [charge.rule.burst * charge.rule.intervalMs] };
        return subject.store.take(charges);
      } } };
    }));
    expect(names).toContainEqual(expect.stringMatching(/hostile keys apart/));
  });

  it('closes what it opened, also when a case fails', async () => {
    let open = 0;
    const contract = counterStoreContract(() => {
      open += 1;
      return { ...plainCounters(() => ({ passes: () => true })), close: () => { open -= 1; } };
    });
    expect((await failing(contract)).length).toBeGreaterThan(5);
    expect(open).toBe(0);
  });

  it('names every case once', () => {
    const names = counterStoreContract(() => plainCounters()).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** Counts up to the burst in each window that begins with a first charge: the way most limiters count. */
function fixedWindows(): ReturnType<typeof plainCounters> {
  const clock = fakeClock();
  const windows = new Map<string, { used: number; untilMs: number }>();
  const store: CounterStore = {
    shared: false,
    take(charges) {
      const open = charges.map(({ rule, key }) => {
        const slot = JSON.stringify([rule.name, key]);
        const known = windows.get(slot);
        const window = known !== undefined && known.untilMs > clock.monotonicMs() ? known : { used: 0, untilMs: clock.monotonicMs() + rule.burst * rule.intervalMs };
        windows.set(slot, window);
        return window;
      });
      const allowed = charges.every(({ rule, cost }, at) => (open[at]?.used ?? 0) + cost <= rule.burst);
      if (allowed) for (const [at, { cost }] of charges.entries()) (open[at] ?? { used: 0 }).used += cost;
      return { allowed, aheadMs: charges.map(({ rule }, at) => (open[at]?.used ?? 0) * rule.intervalMs) };
    },
    giveBack: () => undefined,
    peek: (charges) => ({ allowed: true, aheadMs: charges.map(() => 0) }),
    clear: () => undefined,
  };
  return { store, nowMs: () => clock.nowMs(), letTimePass: (ms) => clock.advance(ms), setClockBack: () => undefined, close: () => undefined };
}
