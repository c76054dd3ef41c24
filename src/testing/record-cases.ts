import { deepEqual, equal, ok } from 'node:assert/strict';
import type { RecordStore } from '../ports/record-store.ts';
import { atOnce, hostileKeys, type StoreCase, type StoreUnderTest } from './contract.ts';

export type RecordSubject = StoreUnderTest<RecordStore>;
export type RecordCase = StoreCase<RecordStore>;

/** Writes a key that does not exist yet and answers its version. */
export async function create({ store }: RecordSubject, key: string, value = '{}', expiresAtMs?: number): Promise<number> {
  equal(await store.compareAndSet({ key, expectedVersion: 0, value, ...(expiresAtMs !== undefined && { expiresAtMs }) }), true);
  return versionOf(store, key);
}

export async function versionOf(store: RecordStore, key: string): Promise<number> {
  const record = await store.read(key);
  ok(record !== undefined && Number.isInteger(record.version) && record.version > 0, 'expected a record with a whole version above 0');
  return record.version;
}

/** What is kept, replaced and removed, one call after the other. */
export const recordVerbCases: readonly RecordCase[] = [
  {
    name: 'knows nothing of a key that was never written',
    async try({ store }) {
      equal(await store.read('contract:a'), undefined);
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: 1, value: '1' }), false);
      equal(await store.read('contract:a'), undefined);
    },
  },
  {
    name: 'says whether a record outlives the process',
    async try({ store }) {
      equal(typeof store.durable, 'boolean');
      return Promise.resolve();
    },
  },
  {
    name: 'gives back what was written, also nothing, quotes, other scripts and 100 KB',
    async try(subject) {
      for (const [index, value] of ['', '0', 'null', `{"a":"'\\"\\u0000"}`, '\u00e9 e\u0301 \ud83d\ude00', ' \n\t', 'x'.repeat(100_000)].entries()) {
        const version = await create(subject, `contract:value-${index}`, value);
        deepEqual(await subject.store.read(`contract:value-${index}`), { value, version });
      }
    },
  },
  {
    name: 'replaces a record only for who names its version, and gives it a higher one',
    async try(subject) {
      const { store } = subject;
      const first = await create(subject, 'contract:a', 'one');
      for (const expectedVersion of [0, first + 1, first - 1, -1]) {
        equal(await store.compareAndSet({ key: 'contract:a', expectedVersion, value: 'wrong' }), false);
      }
      deepEqual(await store.read('contract:a'), { value: 'one', version: first });
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: first, value: 'two' }), true);
      const second = await store.read('contract:a');
      equal(second?.value, 'two');
      ok(second.version > first, 'the version must grow');
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: first, value: 'late' }), false);
    },
  },
  {
    name: 'gives a new version also where the value stays the same',
    async try(subject) {
      const first = await create(subject, 'contract:a', 'same');
      equal(await subject.store.compareAndSet({ key: 'contract:a', expectedVersion: first, value: 'same' }), true);
      ok((await versionOf(subject.store, 'contract:a')) > first);
    },
  },
  {
    name: 'removes a record only for who names its version',
    async try(subject) {
      const { store } = subject;
      const version = await create(subject, 'contract:a');
      await create(subject, 'contract:b');
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: version + 1, value: null }), false);
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: 0, value: null }), false);
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: version, value: null }), true);
      equal(await store.read('contract:a'), undefined);
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: version, value: null }), false);
      ok((await store.read('contract:b')) !== undefined);
    },
  },
  {
    name: 'never uses a version of a key again after the record was removed and made anew',
    async try(subject) {
      const used = new Set<number>();
      for (let turn = 0; turn < 5; turn += 1) {
        const version = await create(subject, 'contract:a', `turn ${turn}`);
        ok(!used.has(version), `version ${version} was used before`);
        used.add(version);
        equal(await subject.store.compareAndSet({ key: 'contract:a', expectedVersion: version, value: null }), true);
      }
      await create(subject, 'contract:a', 'last');
      for (const expectedVersion of used) equal(await subject.store.compareAndSet({ key: 'contract:a', expectedVersion, value: 'stale' }), false);
    },
  },
  {
    name: 'keeps hostile keys apart: __proto__, NUL, lone surrogates, a megabyte',
    async try(subject) {
      const keys = [...hostileKeys, ...hostileKeys.slice(0, 30).map((key) => `contract:${key}`)];
      const distinct = [...new Set(keys)];
      for (const [index, key] of distinct.entries()) await create(subject, key, `value ${index}`);
      for (const [index, key] of distinct.entries()) equal((await subject.store.read(key))?.value, `value ${index}`);
      equal(({} as Record<string, unknown>)['value'], undefined, 'the prototype of all objects was written to');
    },
  },
  {
    name: 'keeps none of the objects it is given and hands out none that it keeps',
    async try(subject) {
      const change = { key: 'contract:a', expectedVersion: 0, value: 'one' };
      await subject.store.compareAndSet(change);
      change.value = 'changed';
      const read = await subject.store.read('contract:a');
      equal(read?.value, 'one');
      try {
        Object.assign(read, { value: 'changed', version: 999 });
      } catch {
        // A frozen answer cannot be changed at all.
      }
      equal((await subject.store.read('contract:a'))?.value, 'one');
    },
  },
];

/** Fifty writers at the same moment. */
export const recordRaceCases: readonly RecordCase[] = [
  {
    name: 'lets one of fifty writers create a record, and keeps what that one wrote',
    async try({ store }) {
      const won = await atOnce(50, (index) => store.compareAndSet({ key: 'contract:a', expectedVersion: 0, value: `writer ${index}` }));
      equal(won.filter(Boolean).length, 1);
      equal((await store.read('contract:a'))?.value, `writer ${won.indexOf(true)}`);
    },
  },
  {
    name: 'lets one of fifty writers replace a version, and keeps what that one wrote',
    async try(subject) {
      const expectedVersion = await create(subject, 'contract:a');
      const won = await atOnce(50, (index) => subject.store.compareAndSet({ key: 'contract:a', expectedVersion, value: `writer ${index}` }));
      equal(won.filter(Boolean).length, 1);
      equal((await subject.store.read('contract:a'))?.value, `writer ${won.indexOf(true)}`);
    },
  },
  {
    name: 'lets one of fifty remove a record, as a token that is spent once',
    async try(subject) {
      const expectedVersion = await create(subject, 'contract:a');
      const won = await atOnce(50, () => subject.store.compareAndSet({ key: 'contract:a', expectedVersion, value: null }));
      equal(won.filter(Boolean).length, 1);
      equal(await subject.store.read('contract:a'), undefined);
    },
  },
  {
    name: 'loses none of fifty additions that each try until they win',
    async try(subject) {
      const { store } = subject;
      await create(subject, 'contract:sum', '0');
      await atOnce(50, async () => {
        for (let won = false; !won; ) {
          const { value = '0', version = 0 } = (await store.read('contract:sum')) ?? {};
          won = await store.compareAndSet({ key: 'contract:sum', expectedVersion: version, value: String(Number(value) + 1) });
        }
      });
      equal((await store.read('contract:sum'))?.value, '50');
    },
  },
];
