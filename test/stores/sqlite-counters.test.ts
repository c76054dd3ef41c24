import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CounterCharge, CounterRule, CounterStore, CounterVerdict } from 'portcullis';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { fakeClock } from 'portcullis/testing';
import { eventRecorder } from '../support/recorder.ts';
import { freshPath, openStore } from './sqlite-support.ts';

const hourMs = 3_600_000;
const hourly = (burst: number): CounterRule => ({ name: 'hourly', intervalMs: hourMs / burst, burst });

function setup(maxKeys = 100) {
  const clock = fakeClock();
  const recorder = eventRecorder();
  const path = freshPath();
  const store = openStore(path, { maxKeys, clock, emit: recorder.emit });
  const take = (rule: CounterRule, key: string, cost = 1) => store.take([{ rule, key, cost }]) as CounterVerdict;
  const allowed = (rule: CounterRule, key: string) => take(rule, key).allowed;
  return { clock, path, store, take, allowed, ...recorder };
}

describe('a sqlite store under a flood of fresh keys', () => {
  it('still refuses a key that used up its limit', { timeout: 60_000 }, () => {
    const { take, allowed } = setup(500);
    const rule = hourly(5);
    for (const victim of ['spent-1', 'spent-2', 'spent-3']) take(rule, victim, 5);
    for (let index = 0; index < 5_000; index += 1) take(rule, `fresh-${index}`);
    for (const victim of ['spent-1', 'spent-2', 'spent-3']) expect(allowed(rule, victim)).toBe(false);
  });

  it('still refuses it when the flood uses up each of its keys as well, also from another process', { timeout: 60_000 }, () => {
    const { clock, path, take, allowed } = setup(100);
    const rule = hourly(3);
    take(rule, 'spent', 3);
    const other = openStore(path, { maxKeys: 100, clock });
    for (let index = 0; index < 1_000; index += 1) {
      take(rule, `fresh-${index}`, 3);
      void other.take([{ rule, key: `other-${index}`, cost: 3 }]);
    }
    expect(allowed(rule, 'spent')).toBe(false);
  });

  it('takes the row of the least spent of eight, so that who spent most is kept', () => {
    const { take, store } = setup(8);
    const rule = hourly(10);
    for (let units = 2; units <= 9; units += 1) take(rule, `spent-${units}`, units);
    take(rule, 'newcomer');
    const ahead = (key: string) => (store.peek([{ rule, key, cost: 1 }]) as CounterVerdict).aheadMs[0];
    expect(ahead('spent-2')).toBe(0);
    for (let units = 3; units <= 9; units += 1) expect(ahead(`spent-${units}`)).toBeGreaterThan(0);
  });

  it('lets all new keys share one strict limit when every row is spent, and says so once a minute', async () => {
    const { clock, take, allowed, events } = setup(50);
    const rule = hourly(3);
    for (let index = 0; index < 50; index += 1) take(rule, `spent-${index}`, 3);
    expect(events).toEqual([]);
    const answers = Array.from({ length: 40 }, (_, index) => allowed(rule, `new-${index}`));
    expect(answers).toEqual([true, true, true, ...new Array<boolean>(37).fill(false)]);
    expect(events).toEqual([{ type: 'limiter.overflow', rule: 'hourly' }]);
    await clock.advance(60_000);
    allowed(rule, 'another');
    expect(events).toHaveLength(2);
  });

  it('ends that when time has given rows back', async () => {
    const { clock, take, allowed } = setup(20);
    const rule = hourly(3);
    for (let index = 0; index < 40; index += 1) take(rule, `spent-${index}`, 3);
    await clock.advance(hourMs);
    expect(Array.from({ length: 20 }, (_, index) => allowed(rule, `new-${index}`))).toEqual(new Array<boolean>(20).fill(true));
  });

  it('answers a peek at a new key as a take would, and moves nothing', () => {
    const { take, store } = setup(8);
    const rule = hourly(1);
    for (let index = 0; index < 9; index += 1) take(rule, `spent-${index}`);
    const peek = () => (store.peek([{ rule, key: 'new', cost: 1 }]) as CounterVerdict).allowed;
    expect([peek(), peek(), take(rule, 'new').allowed]).toEqual([false, false, false]);
  });

  it('refunds to the shared limit what it paid, and nothing that another key lost', () => {
    const { take, allowed, store } = setup(8);
    const rule = hourly(2);
    const early: CounterCharge = { rule, key: 'early', cost: 1 };
    void store.take([early]);
    for (let index = 0; index < 8; index += 1) take(rule, `spent-${index}`, 2);
    const shared: CounterCharge = { rule, key: 'shared', cost: 2 };
    expect((store.take([shared]) as CounterVerdict).allowed).toBe(true);
    expect(allowed(rule, 'new')).toBe(false);
    void store.giveBack([early]);
    expect(allowed(rule, 'new')).toBe(false);
    void store.giveBack([shared]);
    expect([allowed(rule, 'new'), allowed(rule, 'new'), allowed(rule, 'new')]).toEqual([true, true, false]);
  });

  it('leaves nothing of a call behind that it refuses because of one of two new keys', () => {
    const { take, allowed, store } = setup(8);
    const rule = hourly(4);
    for (let index = 0; index < 8; index += 1) take(rule, `spent-${index}`, 4);
    const pair = ['a', 'b'].map((key) => ({ rule, key, cost: 3 }));
    expect((store.take(pair) as CounterVerdict).allowed).toBe(false);
    expect(Array.from({ length: 5 }, () => allowed(rule, 'c'))).toEqual([true, true, true, true, false]);
  });
});

describe('the rows of a sqlite store', () => {
  it('do not pile up: those that are whole again make room for newcomers', async () => {
    const { clock, store, path, take } = setup(100_000);
    const rule: CounterRule = { name: 'short', intervalMs: 1_000, burst: 2 };
    for (let second = 0; second < 40; second += 1) {
      for (let index = 0; index < 20; index += 1) take(rule, `key-${second}-${index}`);
      await clock.advance(1_000);
    }
    store.close();
    expect(await rowsIn(path, 'counters')).toBeLessThan(60);
  });

  it('are counted right whatever came, went and was cleared', async () => {
    const { clock, store, path, take } = setup(20);
    const rule = hourly(3);
    for (let index = 0; index < 100; index += 1) {
      take(rule, `key-${index % 37}`, 1 + (index % 3));
      if (index % 5 === 0) void store.clear(rule, `key-${(index * 7) % 37}`);
      if (index % 11 === 0) await clock.advance(hourMs / 3);
    }
    store.close();
    const rows = await rowsIn(path, 'counters');
    expect(rows).toBeLessThanOrEqual(20);
    expect(await sizeIn(path)).toBe(rows);
  });
});

async function rowsIn(path: string, table: string): Promise<number> {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(path);
  const { n } = db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
  db.close();
  return n;
}

async function sizeIn(path: string): Promise<number> {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(path);
  const { size } = db.prepare('SELECT size FROM rules').get() as { size: number };
  db.close();
  return size;
}

// ASVS 6.5.8
describe('the time of a sqlite store', () => {
  it('does not move when the wall clock is set back or forth under a running process', () => {
    const { clock, allowed } = setup();
    const rule = hourly(1);
    allowed(rule, 'a');
    for (const wallMs of [0, 4_000_000_000_000, 1]) {
      clock.setWallMs(wallMs);
      expect(allowed(rule, 'a')).toBe(false);
    }
  });

  it('goes on while nobody is there, by the wall clock', async () => {
    const { path, store, clock, take } = setup();
    const rule = hourly(2);
    take(rule, 'a', 2);
    store.close();
    const later = openStore(path, { clock: fakeClock(clock.nowMs() + hourMs / 2) });
    const charges = [{ rule, key: 'a', cost: 1 }];
    expect([await later.take(charges), await later.take(charges)].map(({ allowed }) => allowed)).toEqual([true, false]);
  });

  it('gives nothing back to a process that starts after the clock was set back, and holds nobody for longer', async () => {
    const { path, store, clock, take } = setup();
    const [rule, quick] = [hourly(1), { name: 'quick', intervalMs: 10_000, burst: 1 }];
    take(rule, 'a');
    take(quick, 'a');
    store.close();
    const earlier = fakeClock(clock.nowMs() - 100 * hourMs);
    const next = openStore(path, { clock: earlier });
    expect((await next.take([{ rule, key: 'a', cost: 1 }])).allowed).toBe(false);
    await earlier.advance(10_000);
    expect((await next.take([{ rule: quick, key: 'a', cost: 1 }])).allowed).toBe(true);
  });

  it('is that of the process that is ahead, so that all agree', async () => {
    const path = freshPath();
    const [behind, ahead] = [fakeClock(1_000_000_000_000), fakeClock(1_000_000_000_000 + 10 * hourMs)];
    const [one, other] = [openStore(path, { clock: behind }), openStore(path, { clock: ahead })];
    const charges = [{ rule: hourly(1), key: 'a', cost: 1 }];
    await other.take(charges);
    expect(await one.take(charges)).toEqual({ allowed: false, aheadMs: [hourMs] });
    await behind.advance(hourMs);
    expect((await one.take(charges)).allowed).toBe(true);
    expect((await other.take(charges)).allowed).toBe(false);
  });
});

describe('the sqlite store beside the memory store', () => {
  const rules: readonly CounterRule[] = [hourly(3), { name: 'odd', intervalMs: 1_000 / 7, burst: 11 }, { name: 'long', intervalMs: 90 * 24 * hourMs, burst: 2 }];
  const charge = fc.record({ rule: fc.constantFrom(...rules), key: fc.constantFrom('a', 'b', '\ud800', 'c\0'), cost: fc.integer({ min: 1, max: 2 }) });
  const distinct = fc.uniqueArray(charge, { minLength: 1, maxLength: 4, selector: ({ rule, key }) => JSON.stringify([rule.name, key]) });
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('take', 'peek', 'giveBack'), charges: distinct }),
    fc.record({ do: fc.constant('clear'), charges: distinct }),
    fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 0, max: 4_000_000 }) }),
  );

  async function answerOf(store: CounterStore, verb: string, charges: readonly CounterCharge[]): Promise<CounterVerdict | undefined> {
    if (verb === 'take' || verb === 'peek') return store[verb](charges);
    if (verb === 'giveBack') await store.giveBack(charges);
    for (const { rule, key } of verb === 'clear' ? charges : []) await store.clear(rule, key);
    return undefined;
  }

  it('gives the same answers, whatever is asked', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = fakeClock();
        const [sqlite, memory] = [openStore(freshPath(), { clock }), memoryStore({ clock })];
        for (const each of steps) {
          if ('ms' in each) await clock.advance(each.ms);
          else {
            const [given, wanted] = [await answerOf(sqlite, each.do, each.charges), await answerOf(memory, each.do, each.charges)];
            expect(given?.allowed).toBe(wanted?.allowed);
            for (const [at, ms] of (wanted?.aheadMs ?? []).entries()) expect(Math.abs((given?.aheadMs[at] ?? -1) - ms)).toBeLessThan(0.01);
          }
        }
        sqlite.close();
      }),
      { numRuns: 60 },
    );
  });
});
