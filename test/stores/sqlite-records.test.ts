import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { freshPath, openStore } from './sqlite-support.ts';

const hourMs = 3_600_000;

function setup(maxRecords = 3) {
  const clock = fakeClock();
  const path = freshPath();
  const store = openStore(path, { maxRecords, clock });
  const create = (key: string, lifeMs?: number) => store.compareAndSet({ key, expectedVersion: 0, value: key, ...(lifeMs !== undefined && { expiresAtMs: clock.nowMs() + lifeMs }) });
  return { clock, path, store, create };
}

const full = { name: 'StoreFullError', code: 'ERR_STORE', message: 'sqlite store: 3 records of one kind are the most' };

describe('the records of a sqlite store', () => {
  it('say that they outlive the process', () => {
    expect(setup().store.durable).toBe(true);
  });

  it('are there after a restart, with their versions, and no version is used again', async () => {
    const { path, store, create, clock } = setup();
    await create('reset:1');
    const first = (await store.read('reset:1')) ?? { version: 0 };
    await store.compareAndSet({ key: 'reset:1', expectedVersion: first.version, value: 'two' });
    const second = (await store.read('reset:1')) ?? { version: 0 };
    await store.compareAndSet({ key: 'reset:1', expectedVersion: second.version, value: null });
    store.close();
    const next = openStore(path, { clock });
    expect(await next.read('reset:1')).toBeUndefined();
    await next.compareAndSet({ key: 'reset:1', expectedVersion: 0, value: 'three' });
    const third = await next.read('reset:1');
    expect(third?.value).toBe('three');
    expect(third?.version).toBeGreaterThan(second.version);
    next.close();
    expect(await openStore(path, { clock }).read('reset:1')).toEqual(third);
  });

  it('hold any text: NUL, lone surrogates, a megabyte', async () => {
    const { path, store, clock } = setup(10);
    const values = ['a\0b', '\ud800', '\udfff\ud800', '\ufffd', 'x'.repeat(1_048_576)];
    for (const [index, value] of values.entries()) await store.compareAndSet({ key: `any:${index}`, expectedVersion: 0, value });
    store.close();
    const next = openStore(path, { clock });
    for (const [index, value] of values.entries()) expect((await next.read(`any:${index}`))?.value === value).toBe(true);
  });

  it('are never pushed out: a full kind refuses the newcomer with ERR_STORE and leaves nothing of it', async () => {
    const { store, create } = setup();
    for (const key of ['reset:1', 'reset:2', 'reset:3']) await create(key);
    await expect(create('reset:4')).rejects.toMatchObject(full);
    expect(await store.read('reset:4')).toBeUndefined();
    for (const key of ['reset:1', 'reset:2', 'reset:3']) expect((await store.read(key))?.value).toBe(key);
  });

  it('can still be changed and removed when their kind is full, and then there is room again', async () => {
    const { store, create } = setup();
    for (const key of ['reset:1', 'reset:2', 'reset:3']) await create(key);
    const { version = 0 } = (await store.read('reset:2')) ?? {};
    expect(await store.compareAndSet({ key: 'reset:2', expectedVersion: version, value: 'new' })).toBe(true);
    const { version: next = 0 } = (await store.read('reset:2')) ?? {};
    expect(await store.compareAndSet({ key: 'reset:2', expectedVersion: next, value: null })).toBe(true);
    expect(await create('reset:4')).toBe(true);
  });

  it('of one kind leave room for every other kind', async () => {
    const { create } = setup();
    for (const key of ['reset:1', 'reset:2', 'reset:3', 'sign-up:1', 'sign-up:2', 'sign-up:3', 'alone']) expect(await create(key)).toBe(true);
    await expect(create('sign-up:4')).rejects.toMatchObject(full);
  });

  it('make room when they have expired, at once for each kind', async () => {
    const { clock, create } = setup();
    for (const kind of ['reset', 'sign-up']) for (const index of [1, 2, 3]) await create(`${kind}:${index}`, 5_000);
    await expect(create('reset:4')).rejects.toMatchObject(full);
    await clock.advance(5_000);
    expect(await create('reset:4')).toBe(true);
    expect(await create('sign-up:4')).toBe(true);
  });

  it('do not pile up when they have expired, also where their kind is never full', async () => {
    const { clock, path, store, create } = setup(100_000);
    for (let minute = 0; minute < 40; minute += 1) {
      for (let index = 0; index < 5; index += 1) await create(`reset:${minute}-${index}`, 60_000);
      await clock.advance(60_000);
    }
    store.close();
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(path);
    const [rows, sizes] = [db.prepare('SELECT count(*) AS n FROM records').get(), db.prepare('SELECT sum(size) AS n FROM kinds').get()];
    db.close();
    expect(rows?.['n']).toBeLessThan(20);
    expect(sizes).toEqual(rows);
  });

  it('may be of 64 kinds and no more, so that no stranger makes a kind of his own', async () => {
    const { create } = setup();
    for (let kind = 0; kind < 64; kind += 1) await create(`kind-${kind}:a`);
    await expect(create('kind-64:a')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'sqlite store: 64 kinds of records are the most' });
  });

  it('leave nothing behind of kinds that were only asked for or are empty again', async () => {
    const { store, create } = setup();
    for (let kind = 0; kind < 100; kind += 1) {
      await store.read(`asked-${kind}:a`);
      await create(`kind-${kind}:a`);
      const { version = 0 } = (await store.read(`kind-${kind}:a`)) ?? {};
      await store.compareAndSet({ key: `kind-${kind}:a`, expectedVersion: version, value: null });
    }
    expect(await create('last:a')).toBe(true);
  });
});

// ASVS 6.5.8
describe('the end of a record in a sqlite store', () => {
  it('comes although the wall clock was set back before anybody looked', async () => {
    const { clock, store, create } = setup();
    await create('reset:1', 1_000);
    clock.setWallMs(clock.nowMs() - hourMs);
    expect(await store.read('reset:1')).toBeDefined();
    await clock.advance(1_000);
    expect(await store.read('reset:1')).toBeUndefined();
  });

  it('comes in a process that starts after the clock was set back', async () => {
    const { clock, path, store, create } = setup();
    await create('reset:1', hourMs);
    await clock.advance(hourMs / 2);
    store.close();
    const earlier = fakeClock(clock.nowMs() - 100 * hourMs);
    const next = openStore(path, { clock: earlier });
    await earlier.advance(hourMs / 2 - 1);
    expect(await next.read('reset:1')).toBeDefined();
    await earlier.advance(1);
    expect(await next.read('reset:1')).toBeUndefined();
  });

  it('comes when the wall clock has reached it, as it was promised, and what is gone does not come back', async () => {
    const { clock, path, store, create } = setup();
    const startMs = clock.nowMs();
    await create('reset:1', hourMs);
    clock.setWallMs(startMs + hourMs);
    expect(await store.read('reset:1')).toBeUndefined();
    clock.setWallMs(startMs);
    expect(await store.read('reset:1')).toBeUndefined();
    expect(await openStore(path, { clock }).read('reset:1')).toBeUndefined();
  });
});

describe('two sqlite stores on one file', () => {
  it('see each other\'s records, and only one of them replaces a version', async () => {
    const { path, clock, store, create } = setup();
    const other = openStore(path, { clock });
    await create('reset:1');
    const record = await other.read('reset:1');
    expect(record).toEqual(await store.read('reset:1'));
    const change = { key: 'reset:1', expectedVersion: record?.version ?? 0, value: null };
    expect([await other.compareAndSet(change), await store.compareAndSet(change)]).toEqual([true, false]);
  });

  it('tell a watcher of the other\'s writes within a second: made, changed, removed; and of nothing else', async () => {
    const { path, clock, create, store } = setup();
    const other = openStore(path, { clock });
    let heard = 0;
    const stop = other.watch('switch:all', () => {
      heard += 1;
    });
    const afterASecond = async (): Promise<number> => {
      await clock.advance(1_000);
      return heard;
    };
    await create('switch:other');
    expect(await afterASecond()).toBe(0);
    await create('switch:all');
    expect(await afterASecond()).toBe(1);
    const { version = 0 } = (await store.read('switch:all')) ?? {};
    await store.compareAndSet({ key: 'switch:all', expectedVersion: version, value: 'off' });
    expect(await afterASecond()).toBe(2);
    await store.compareAndSet({ key: 'switch:all', expectedVersion: version, value: 'late' });
    expect(await afterASecond()).toBe(2);
    // Whenever in a second it happens.
    for (const delayMs of [600, 100, 300, 900, 450]) {
      await clock.advance(delayMs);
      const before = heard;
      await store.compareAndSet({ key: 'switch:all', expectedVersion: (await store.read('switch:all'))?.version ?? 0, value: 'again' });
      expect(await afterASecond()).toBe(before + 1);
    }
    const { version: last = 0 } = (await store.read('switch:all')) ?? {};
    await store.compareAndSet({ key: 'switch:all', expectedVersion: last, value: null });
    expect(await afterASecond()).toBe(8);
    stop();
    await create('switch:all');
    expect(await afterASecond()).toBe(8);
  });

  it('tell a watcher of its own store\'s write once', async () => {
    const { clock, create, store } = setup();
    let heard = 0;
    store.watch('switch:all', () => {
      heard += 1;
    });
    await create('switch:all');
    await clock.advance(3_000);
    expect(heard).toBe(1);
  });
});
