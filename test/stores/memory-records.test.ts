import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { memoryStore } from '../../src/stores/memory/index.ts';

function setup(maxRecords = 3) {
  const clock = fakeClock();
  const store = memoryStore({ maxRecords, clock });
  const create = (key: string, lifeMs?: number) => store.compareAndSet({ key, expectedVersion: 0, value: key, ...(lifeMs !== undefined && { expiresAtMs: clock.nowMs() + lifeMs }) });
  return { clock, store, create };
}

const full = { name: 'StoreFullError', code: 'ERR_STORE', message: 'memory store: 3 records of one kind are the most' };

describe('the records of a memory store', () => {
  it('say that they do not outlive the process', () => {
    expect(setup().store.durable).toBe(false);
  });

  it('are never pushed out: a full kind refuses the newcomer with ERR_STORE', async () => {
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

  it('may be of 64 kinds and no more, so that no stranger makes a kind of his own', async () => {
    const { create } = setup();
    for (let kind = 0; kind < 64; kind += 1) await create(`kind-${kind}:a`);
    await expect(create('kind-64:a')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'memory store: 64 kinds of records are the most' });
  });

  it('leave nothing behind of kinds that were only asked for or are empty again', async () => {
    const { store, create } = setup();
    for (let kind = 0; kind < 1_000; kind += 1) {
      await store.read(`asked-${kind}:a`);
      await create(`kind-${kind}:a`);
      const { version = 0 } = (await store.read(`kind-${kind}:a`)) ?? {};
      await store.compareAndSet({ key: `kind-${kind}:a`, expectedVersion: version, value: null });
    }
    expect(await create('last:a')).toBe(true);
  });

  // ASVS 6.5.8
  it('expire when their time is over although the wall clock was set back before anybody looked', async () => {
    const { clock, store, create } = setup();
    await create('reset:1', 1_000);
    clock.setWallMs(clock.nowMs() - 3_600_000);
    expect(await store.read('reset:1')).toBeDefined();
    await clock.advance(1_000);
    expect(await store.read('reset:1')).toBeUndefined();
  });

  it('expire when the wall clock has reached their end, as it was promised', async () => {
    const { clock, store, create } = setup();
    await create('reset:1', 3_600_000);
    clock.setWallMs(clock.nowMs() + 3_600_000);
    expect(await store.read('reset:1')).toBeUndefined();
  });
});
