import { equal, ok } from 'node:assert/strict';
import { create, versionOf, type RecordCase, type RecordSubject } from './record-cases.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Records that end. */
export const recordExpiryCases: readonly RecordCase[] = [
  {
    name: 'forgets a record from the moment it expires, also below a second',
    async try(subject) {
      for (const lifeMs of [300, 1_200]) {
        const key = `contract:life-${lifeMs}`;
        await create(subject, key, 'short', subject.nowMs() + lifeMs);
        await subject.letTimePass(lifeMs);
        equal(await subject.store.read(key), undefined);
      }
    },
  },
  {
    name: 'treats an expired record as one that does not exist: it can be made anew and not be replaced',
    async try(subject) {
      const { store } = subject;
      const version = await create(subject, 'contract:a', 'old', subject.nowMs() + 400);
      await subject.letTimePass(400);
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: version, value: 'stale' }), false);
      ok((await create(subject, 'contract:a', 'new')) !== version, 'the version of the expired record was used again');
      equal((await store.read('contract:a'))?.value, 'new');
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: version, value: 'stale' }), false);
    },
  },
  {
    name: 'keeps records for 90 and 400 days, and for ever where no end is named',
    async try(subject) {
      const lives = [90 * dayMs, 400 * dayMs, undefined];
      for (const life of lives) await create(subject, `contract:${life ?? 'ever'}`, 'kept', life === undefined ? undefined : subject.nowMs() + life);
      await subject.letTimePass(1_500);
      for (const life of lives) equal((await subject.store.read(`contract:${life ?? 'ever'}`))?.value, 'kept');
    },
  },
  {
    name: 'takes the end from the last write: later, sooner or none',
    async try(subject) {
      const { store } = subject;
      const fromMs = subject.nowMs();
      const ends = { later: fromMs + hourMs, none: undefined, sooner: fromMs + 700 };
      for (const [key, expiresAtMs] of Object.entries(ends)) {
        const expectedVersion = await create(subject, `contract:${key}`, 'one', fromMs + (key === 'sooner' ? hourMs : 700));
        equal(await store.compareAndSet({ key: `contract:${key}`, expectedVersion, value: 'two', ...(expiresAtMs !== undefined && { expiresAtMs }) }), true);
      }
      await subject.letTimePass(900);
      equal((await store.read('contract:later'))?.value, 'two');
      equal((await store.read('contract:none'))?.value, 'two');
      equal(await store.read('contract:sooner'), undefined);
    },
  },
  {
    name: 'brings no record back when the clock is set back, and uses no version again',
    async try(subject) {
      const { store } = subject;
      const before = await create(subject, 'contract:kept', 'kept');
      await create(subject, 'contract:gone', 'gone', subject.nowMs() + 400);
      await subject.letTimePass(400);
      equal(await store.read('contract:gone'), undefined);
      await subject.setClockBack(10 * hourMs);
      equal(await store.read('contract:gone'), undefined);
      equal((await store.read('contract:kept'))?.value, 'kept');
      equal(await store.compareAndSet({ key: 'contract:kept', expectedVersion: before, value: 'again' }), true);
      ok((await versionOf(store, 'contract:kept')) > before, 'the version must grow whatever the clock says');
    },
  },
];

/** Counts the calls of one watcher. */
function watcher(subject: RecordSubject, key: string): { readonly calls: () => number; readonly stop: () => void; readonly changed: () => void } {
  let calls = 0;
  const changed = (): void => {
    calls += 1;
  };
  return { calls: () => calls, stop: subject.store.watch(key, changed), changed };
}

/** Waits for what must happen within the second that `watch` promises, with as much again for a slow machine. */
async function soon(subject: RecordSubject, happened: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 40 && !happened(); turn += 1) await subject.letTimePass(50);
  ok(happened(), what);
}

/** Who wants to hear of a key. */
export const recordWatchCases: readonly RecordCase[] = [
  {
    name: 'tells a watcher of every kind of write, and after it the new record can be read',
    async try(subject) {
      const { store } = subject;
      const heard = watcher(subject, 'contract:a');
      await create(subject, 'contract:a', 'one');
      await soon(subject, () => heard.calls() >= 1, 'nobody told of the creation');
      const afterCreation = heard.calls();
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: await versionOf(store, 'contract:a'), value: 'two' }), true);
      await soon(subject, () => heard.calls() > afterCreation, 'nobody told of the change');
      equal((await store.read('contract:a'))?.value, 'two');
      const afterChange = heard.calls();
      equal(await store.compareAndSet({ key: 'contract:a', expectedVersion: await versionOf(store, 'contract:a'), value: null }), true);
      await soon(subject, () => heard.calls() > afterChange, 'nobody told of the removal');
      heard.stop();
    },
  },
  {
    name: 'calls every watcher of a key, and none that has ended',
    async try(subject) {
      const [ended, staying, another] = [watcher(subject, 'contract:a'), watcher(subject, 'contract:a'), watcher(subject, 'contract:a')];
      const twice = subject.store.watch('contract:a', staying.changed);
      ended.stop();
      ended.stop();
      twice();
      await create(subject, 'contract:a');
      await soon(subject, () => staying.calls() >= 1 && another.calls() >= 1, 'not every watcher was called');
      equal(ended.calls(), 0);
      staying.stop();
      another.stop();
      const before = staying.calls();
      await subject.store.compareAndSet({ key: 'contract:a', expectedVersion: await versionOf(subject.store, 'contract:a'), value: 'two' });
      await subject.letTimePass(1_200);
      equal(staying.calls(), before);
    },
  },
  {
    name: 'does not call a watcher for another key or for a write that was turned down',
    async try(subject) {
      await create(subject, 'contract:a');
      const heard = watcher(subject, 'contract:a');
      await subject.letTimePass(1_200);
      const before = heard.calls();
      await create(subject, 'contract:ab');
      await create(subject, 'contract:');
      equal(await subject.store.compareAndSet({ key: 'contract:a', expectedVersion: 0, value: 'no' }), false);
      await subject.letTimePass(1_200);
      equal(heard.calls(), before);
      heard.stop();
    },
  },
];
