import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { accountRecordKey, burn, isUnreadable, readFirst, readJson, removeAll, removeWhatever, replaceJson, updateJson } from '../../src/kernel/json-record.ts';
import type { RecordChange, RecordStore } from '../../src/ports/record-store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';

interface Count {
  readonly n: number;
}

const key = 'count:a';
const increment = (previous: Count | undefined) => ({ value: { n: (previous?.n ?? 0) + 1 }, answer: (previous?.n ?? 0) + 1 });

async function put(records: RecordStore, at: string, value: string): Promise<void> {
  expect(await records.compareAndSet({ key: at, expectedVersion: 0, value })).toBe(true);
}

/** A store that is as it is but for one verb. */
function bent(verbs: Partial<RecordStore>): RecordStore & { readonly writes: RecordChange[] } {
  const store = memoryStore();
  const writes: RecordChange[] = [];
  return {
    durable: false,
    read: (at) => store.read(at),
    compareAndSet: (change) => {
      writes.push(change);
      return store.compareAndSet(change);
    },
    watch: (at, changed) => store.watch(at, changed),
    ...verbs,
    writes,
  };
}

describe('updating a record', () => {
  it('tells what was there, writes what was decided and answers after that', async () => {
    const records = memoryStore();
    expect(await updateJson(records, key, increment)).toBe(1);
    expect(await updateJson(records, key, increment)).toBe(2);
    expect(await readJson<Count>(records, key)).toMatchObject({ value: { n: 2 } });
  });

  it('leaves the record as it is where nothing was decided', async () => {
    const records = bent({});
    expect(await updateJson<Count, string>(records, key, () => ({ value: undefined, answer: 'nothing' }))).toBe('nothing');
    expect(records.writes).toEqual([]);
    expect(await records.read(key)).toBeUndefined();
  });

  it('ends a record when it is told to, and not otherwise', async () => {
    const clock = fakeClock();
    const records = memoryStore({ clock });
    await updateJson<Count, undefined>(records, key, () => ({ value: { n: 1 }, answer: undefined, expiresAtMs: clock.nowMs() + 10 }));
    await updateJson<Count, undefined>(records, 'count:b', () => ({ value: { n: 1 }, answer: undefined }));
    await replaceJson<Count>(records, { key: 'count:c', expiresAtMs: clock.nowMs() + 10, next: () => ({ n: 1 }) });
    await clock.advance(10);
    expect(await Promise.all([key, 'count:b', 'count:c'].map(async (at) => (await readJson<Count>(records, at))?.value))).toEqual([undefined, { n: 1 }, undefined]);
  });

  // ASVS 15.4.2
  it('loses none of fifty writes at the same moment', async () => {
    const records = memoryStore();
    const answers = await Promise.all(Array.from({ length: 50 }, () => updateJson(records, key, increment)));
    expect(answers.sort((one, other) => one - other)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    expect((await readJson<Count>(records, key))?.value).toEqual({ n: 50 });
  });

  it('decides anew on what somebody else has written in between', async () => {
    const store = memoryStore();
    const seen: (Count | undefined)[] = [];
    await updateJson(store, key, increment);
    let disturbed = false;
    const records = bent({
      read: async (at) => {
        const found = await store.read(at);
        if (!disturbed) await updateJson(store, at, increment);
        disturbed = true;
        return found;
      },
      compareAndSet: (change) => store.compareAndSet(change),
    });
    await updateJson<Count, undefined>(records, key, (previous) => {
      seen.push(previous);
      return { value: { n: 10 }, answer: undefined };
    });
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('gives up after 64 writes of others, so that a crowd ends as ERR_BUSY and never as a loop', async () => {
    let calls = 0;
    const records = bent({
      compareAndSet: async () => {
        calls += 1;
        return false;
      },
    });
    await expect(updateJson(records, key, increment)).rejects.toMatchObject({ code: 'ERR_BUSY', message: 'records: expected a turn to write, got 64 writes by others', retryAfterMs: 1_000 });
    expect(calls).toBe(64);
  });

  it('tells a crowd of a thousand the truth: each who got an answer was counted, the others are ERR_BUSY', async () => {
    const records = memoryStore();
    const all = await Promise.allSettled(Array.from({ length: 1_000 }, () => updateJson(records, key, increment)));
    const counted = all.filter(({ status }) => status === 'fulfilled').length;
    expect(counted).toBeGreaterThanOrEqual(64);
    expect((await readJson<Count>(records, key))?.value).toEqual({ n: counted });
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'ERR_BUSY' });
  });

  it('passes on what the store rejects with, and tries no second time', async () => {
    let calls = 0;
    const broken = new Error('disk full');
    const records = bent({
      compareAndSet: async () => {
        calls += 1;
        throw broken;
      },
    });
    await expect(updateJson(records, key, increment)).rejects.toBe(broken);
    expect(calls).toBe(1);
  });
});

describe('a store that lies', () => {
  it.each(['', 'secret-digest', '{"n":', 'null', '1', 'true', '"text"', 'undefined'])('is a broken one: %j is no record of ours, and is not told to anybody', async (value) => {
    const records = memoryStore();
    await put(records, 'count:secret-key', value);
    for (const look of [readJson(records, 'count:secret-key'), updateJson(records, 'count:secret-key', increment), readFirst(records, ['count:secret-key'])]) {
      const error: unknown = await look.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'ERR_STORE', message: 'records: expected JSON in a record of the kind "count"' });
      expect((error as Error).cause).toBeUndefined();
    }
    expect((await records.read('count:secret-key'))?.value).toBe(value);
  });

  it('never throws anything else, whatever a record holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), async (value) => {
        const records = memoryStore();
        await put(records, key, value);
        const found = await readJson<object>(records, key).catch((error: unknown) => error);
        if (found instanceof Error) expect(found).toMatchObject({ code: 'ERR_STORE' });
        else expect(found).toMatchObject({ value: JSON.parse(value) as object });
      }),
    );
  });

  it.each([1, 0, 'OK', null, undefined, { changes: 0 }])('about a write is a broken one too: %j is neither yes nor no', async (answer) => {
    const records = bent({ compareAndSet: async () => answer as never });
    const told = { code: 'ERR_STORE', message: 'records.compareAndSet: expected true or false' };
    await expect(updateJson(records, key, increment)).rejects.toMatchObject(told);
    await expect(burn(records, { key, version: 1 })).rejects.toMatchObject(told);
  });
});

describe('finding and removing records', () => {
  it('takes the first that is there', async () => {
    const records = memoryStore();
    expect(await readFirst(records, [])).toBeUndefined();
    expect(await readFirst(records, ['count:a', 'count:b'])).toBeUndefined();
    await put(records, 'count:b', '{"n":2}');
    await put(records, 'count:c', '{"n":3}');
    expect(await readFirst(records, ['count:a', 'count:b', 'count:c'])).toMatchObject({ key: 'count:b', value: { n: 2 } });
  });

  it('burns once, however many try', async () => {
    const records = memoryStore();
    await put(records, key, '{"n":1}');
    const version = (await records.read(key))?.version ?? 0;
    const all = await Promise.all(Array.from({ length: 50 }, () => burn(records, { key, version })));
    expect(all.filter(Boolean)).toHaveLength(1);
    expect(await records.read(key)).toBeUndefined();
  });

  it('removes all, also what cannot be read', async () => {
    const records = memoryStore();
    await put(records, 'count:a', 'no JSON');
    await put(records, 'count:b', '{}');
    await removeAll(records, ['count:a', 'count:none', 'count:b']);
    expect(await Promise.all(['count:a', 'count:b'].map((at) => records.read(at)))).toEqual([undefined, undefined]);
  });
});

describe('a record that cannot be read', () => {
  it('is told from a store that is gone', async () => {
    const records = memoryStore();
    await records.compareAndSet({ key: 'kind:1', expectedVersion: 0, value: 'not JSON' });
    const broken = async (): Promise<never> => Promise.reject(new Error('disk full'));
    expect(isUnreadable(await readJson(records, 'kind:1').catch((error: unknown) => error))).toBe(true);
    expect(isUnreadable(await readJson({ ...records, read: broken }, 'kind:1').catch((error: unknown) => error))).toBe(false);
    const lying = async (): Promise<boolean> => Promise.resolve(1 as never);
    expect(isUnreadable(await updateJson({ ...records, compareAndSet: lying }, 'kind:2', () => ({ value: {}, answer: 1 })).catch((error: unknown) => error))).toBe(false);
  });

  it('can be removed, once', async () => {
    const records = memoryStore();
    await records.compareAndSet({ key: 'kind:1', expectedVersion: 0, value: 'not JSON' });
    const removed = await Promise.all(Array.from({ length: 50 }, () => removeWhatever(records, 'kind:1')));
    expect(removed.filter(Boolean)).toHaveLength(1);
    expect(await records.read('kind:1')).toBeUndefined();
  });

  it('is not said to be gone while others keep writing it', async () => {
    const records = memoryStore();
    await records.compareAndSet({ key: 'kind:1', expectedVersion: 0, value: '{}' });
    const behind: RecordStore = { ...records, compareAndSet: async () => Promise.resolve(false) };
    await expect(removeWhatever(behind, 'kind:1')).rejects.toMatchObject({ code: 'ERR_BUSY', retryAfterMs: 1_000 });
  });
});

describe('the place of an account\'s record', () => {
  it('has one size and tells no id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, maxLength: 1_000 }), (accountId) => {
        const at = accountRecordKey('recovery', accountId);
        expect(at).toMatch(/^recovery:[\w-]{43}$/);
        expect(at).not.toContain(accountId);
      }),
    );
  });

  it('is another for every account and every kind', () => {
    const ids = ['1', '01', '1 ', '', 'a', 'A', '\ud800', '\udbff', '\ufffd', '\u00e9', 'e\u0301'];
    expect(new Set(['totp', 'recovery'].flatMap((kind) => ids.map((id) => accountRecordKey(kind, id)))).size).toBe(2 * ids.length);
  });
});
