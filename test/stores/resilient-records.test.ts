import { describe, expect, it } from 'vitest';
import { recordStoreContract } from 'portcullis/testing';
import { memoryStore, resilientRecords, StoreFullError, type RecordStore } from '../../src/index.ts';
import { memorySubject } from '../support/memory-subject.ts';
import { recordsUnderTest, type Weather } from './resilient-setup.ts';

const away: readonly Weather[] = ['down', 'hanging', 'deaf'];
const stored = { code: 'ERR_STORE' };

describe('a resilient record store whose store is there', () => {
  for (const { name, run } of recordStoreContract(() => {
    const subject = memorySubject();
    return { ...subject, store: resilientRecords(subject.store) };
  })) it(name, run);
});

// ASVS 5.0 16.5.2, 16.5.3
describe.each(away)('a record store that is %s', (weather) => {
  it('is ERR_STORE within 250 ms, and at once when it is known', async () => {
    const { store, sky, settled, clock } = recordsUnderTest();
    sky.weather = weather;
    for (let attempt = 0; attempt < 3; attempt += 1) await expect(settled(store.read('token:1'))).rejects.toMatchObject(stored);
    const beganMs = clock.monotonicMs();
    await expect(store.read('token:1')).rejects.toMatchObject(stored);
    await expect(store.compareAndSet({ key: 'token:1', expectedVersion: 0, value: '1' })).rejects.toMatchObject(stored);
    expect(clock.monotonicMs()).toBe(beganMs);
  });

  it('is used again within 2 s of its return, and its absence told once', async () => {
    const { store, sky, settled, clock, events } = recordsUnderTest();
    sky.weather = weather;
    for (let attempt = 0; attempt < 3; attempt += 1) await expect(settled(store.read('token:1'))).rejects.toMatchObject(stored);
    await clock.advance(30_000);
    expect(store.health()).toMatchObject({ state: 'degraded' });
    sky.weather = 'fine';
    await clock.advance(2_000);
    expect(store.health()).toEqual({ state: 'ok' });
    expect(await settled(store.compareAndSet({ key: 'token:1', expectedVersion: 0, value: '1' }))).toBe(true);
    expect(events.filter(({ type }) => type !== 'store.failed')).toMatchObject([{ type: 'store.degraded', store: 'records' }, { type: 'store.recovered', store: 'records', settled: 0, lost: 0 }]);
  });

  it('is answered for with what was read last of the kinds that may be, for a while', async () => {
    const { store, sky, settled, clock } = recordsUnderTest({ lastKnown: { kinds: ['epoch'], forMs: 10_000 } });
    await settled(store.compareAndSet({ key: 'epoch:ann', expectedVersion: 0, value: '{"epoch":7}' }));
    const read = await settled(store.read('epoch:ann'));
    expect(await settled(store.read('epoch:bob'))).toBeUndefined();
    await settled(store.read('token:1'));
    sky.weather = weather;
    expect(await settled(store.read('epoch:ann'))).toEqual(read);
    expect(await settled(store.read('epoch:bob'))).toBeUndefined();
    await expect(settled(store.read('epoch:eve'))).rejects.toMatchObject(stored);
    await expect(settled(store.read('token:1'))).rejects.toMatchObject(stored);
    await clock.advance(10_000);
    await expect(settled(store.read('epoch:ann'))).rejects.toMatchObject(stored);
  });

  it('never answers what may have been written over: a revocation that failed to be confirmed may have been made', async () => {
    const { store, sky, settled } = recordsUnderTest({ lastKnown: { kinds: ['epoch'] } });
    await settled(store.compareAndSet({ key: 'epoch:ann', expectedVersion: 0, value: '{"epoch":7}' }));
    const read = await settled(store.read('epoch:ann'));
    sky.weather = weather;
    await expect(settled(store.compareAndSet({ key: 'epoch:ann', expectedVersion: read?.version ?? 0, value: '{"epoch":8}' }))).rejects.toMatchObject(stored);
    await expect(settled(store.read('epoch:ann'))).rejects.toMatchObject(stored);
  });
});

describe('what was read last', () => {
  it('is no older than the question: a late answer does not bring back what was written over', async () => {
    let answer: ((record: { value: string; version: number }) => void) | undefined;
    let gone = false;
    const behind = memoryStore();
    const store = resilientRecords({
      ...behind,
      read: () => (gone ? Promise.reject(new Error('gone')) : new Promise((resolve) => { answer = resolve; })),
    } satisfies RecordStore, { lastKnown: { kinds: ['epoch'] }, deadlineMs: 60_000 });
    const reading = store.read('epoch:ann');
    await store.compareAndSet({ key: 'epoch:ann', expectedVersion: 0, value: '{"epoch":8}' });
    answer?.({ value: '{"epoch":7}', version: 1 });
    expect(await reading).toMatchObject({ version: 1 });
    gone = true;
    await expect(store.read('epoch:ann')).rejects.toMatchObject(stored);
  });

  it('is kept of 20,000 records', async () => {
    const { store, sky, settled } = recordsUnderTest({ lastKnown: { kinds: ['epoch'] } });
    for (let at = 0; at <= 20_000; at += 1) await store.read(`epoch:${at}`);
    sky.weather = 'down';
    await expect(settled(store.read('epoch:0'))).rejects.toMatchObject(stored);
    expect(await settled(store.read('epoch:1'))).toBeUndefined();
  });
});

describe('a record store that only refuses one thing', () => {
  it('is not away: whoever fills one kind must not shut the others', async () => {
    const behind = memoryStore({ maxRecords: 2 });
    const store = resilientRecords(behind);
    const create = (key: string): Promise<boolean> => store.compareAndSet({ key, expectedVersion: 0, value: '1' });
    await create('sign-up:1');
    await create('sign-up:2');
    for (let at = 3; at < 20; at += 1) await expect(create(`sign-up:${at}`)).rejects.toBeInstanceOf(StoreFullError);
    expect(store.health()).toEqual({ state: 'ok' });
    expect(await create('reset:1')).toBe(true);
  });

  it('comes back after an outage, also where it is full', async () => {
    const { clock, settled, emit } = recordsUnderTest();
    const behind = memoryStore({ clock, maxRecords: 1 });
    let gone = true;
    const store = resilientRecords({
      ...behind,
      read: (key) => (gone ? Promise.reject(new Error('gone')) : behind.read(key)),
      compareAndSet: (change) => (gone ? Promise.reject(new Error('gone')) : behind.compareAndSet(change)),
    }, { clock, emit });
    await behind.compareAndSet({ key: 'totp:ann', expectedVersion: 0, value: '1' });
    await behind.compareAndSet({ key: 'probe:other', expectedVersion: 0, value: '1' });
    for (let attempt = 0; attempt < 3; attempt += 1) await expect(settled(store.read('totp:ann'))).rejects.toMatchObject(stored);
    gone = false;
    await clock.advance(2_000);
    expect(store.health()).toEqual({ state: 'ok' });
    expect(await settled(store.read('totp:ann'))).toMatchObject({ value: '1' });
  });

  it('that can be read and not written does not come back by being read', async () => {
    const { sky, settled, clock, behind, emit } = recordsUnderTest();
    let readOnly = true;
    const store = resilientRecords({ ...behind, compareAndSet: (change) => (readOnly ? Promise.reject(new Error('READONLY')) : behind.compareAndSet(change)) }, { clock, emit });
    for (let attempt = 0; attempt < 3; attempt += 1) await expect(settled(store.compareAndSet({ key: 'token:1', expectedVersion: 0, value: '1' }))).rejects.toMatchObject(stored);
    await clock.advance(30_000);
    expect(store.health()).toMatchObject({ state: 'degraded' });
    readOnly = false;
    await clock.advance(2_000);
    expect(store.health()).toEqual({ state: 'ok' });
    expect(sky.weather).toBe('fine');
  });
});
