import { describe, expect, it, onTestFinished } from 'vitest';
import { makeKit } from '../support/kit.ts';
import { person } from '../support/person.ts';
import { openPool, openStore, sharedServer } from './postgres-support.ts';

/** A pool that counts what it is asked, and can be told to fail. */
function countedPool(url: string) {
  const pool = openPool(url);
  const sent: string[] = [];
  const state = { fails: false };
  const query = (text: string, values?: unknown[]): Promise<unknown> => {
    sent.push(text);
    return state.fails ? Promise.reject(new Error('terminating connection')) : pool.query(text, values);
  };
  const counted = new Proxy(pool, {
    get(target, member) {
      if (member === 'query') return query;
      const value: unknown = Reflect.get(target, member);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { counted, sent, state, reads: () => sent.filter((text) => text.startsWith('SELECT r.key')).length };
}

describe('records that are read at the same moment', () => {
  const server = sharedServer();

  it('are one statement, and each reader gets its own', async () => {
    const { counted, reads } = countedPool(server().url);
    const store = await openStore(counted);
    for (let at = 0; at < 20; at += 1) await store.compareAndSet({ key: `a:${at}`, expectedVersion: 0, value: `value ${at}` });
    const found = await Promise.all(Array.from({ length: 40 }, async (_, at) => {
      // As pieces do: some await something before they read.
      for (let hop = 0; hop < at % 5; hop += 1) await Promise.resolve();
      return store.read(`a:${at % 30}`);
    }));
    expect(found.map((record) => record?.value)).toEqual(Array.from({ length: 40 }, (_, at) => (at % 30 < 20 ? `value ${at % 30}` : undefined)));
    expect(reads()).toBe(1);
  });

  it('are a statement for each hundred', async () => {
    const { counted, reads } = countedPool(server().url);
    const store = await openStore(counted);
    await Promise.all(Array.from({ length: 250 }, (_, at) => store.read(`a:${at}`)));
    expect(reads()).toBe(3);
  });

  it('fail together, and the next are asked for anew', async () => {
    const { counted, state } = countedPool(server().url);
    const store = await openStore(counted);
    state.fails = true;
    const failed = await Promise.allSettled([store.read('a:1'), store.read('a:2')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    state.fails = false;
    expect(await store.read('a:1')).toBeUndefined();
  });

  it('see what was written before they were asked for', async () => {
    const { counted } = countedPool(server().url);
    const store = await openStore(counted);
    await Promise.all(Array.from({ length: 20 }, async (_, at) => {
      expect(await store.compareAndSet({ key: `a:${at}`, expectedVersion: 0, value: 'new' })).toBe(true);
      expect((await store.read(`a:${at}`))?.value).toBe('new');
    }));
  });

  it('make a request of somebody who is signed in three statements at most', async () => {
    const { counted, sent } = countedPool(server().url);
    const store = await openStore(counted);
    const kit = makeKit({ records: store, stores: { recordDeadlineMs: 60_000 } });
    const ada = await person(kit);
    await ada.signIn();
    onTestFinished(async () => {
      await kit.portcullis.close(0);
    });
    const visit = async (): Promise<void> => {
      // No time passes for it: epochs are remembered for a second.
      expect(await kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() })).toMatchObject({ outcome: 'allowed' });
    };
    await visit();
    sent.length = 0;
    await visit();
    expect(sent.length).toBeLessThanOrEqual(3);
  });
});
