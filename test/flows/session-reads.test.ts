import { describe, expect, it } from 'vitest';
import { memoryStore, type RecordStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { makeKit, type Kit } from '../support/kit.ts';
import { person, type Person } from '../support/person.ts';

const by = 'operator-1';

interface Setup {
  readonly kit: Kit;
  readonly ada: Person;
  /** Runs before each read of a record of that kind. */
  readonly before: Record<string, (() => Promise<void>) | undefined>;
  /** The kinds of the records that were read. */
  readonly asked: string[];
  readonly check: () => ReturnType<Kit['portcullis']['access']['check']>;
}

async function setup(): Promise<Setup> {
  const store = memoryStore({ clock: fakeClock() });
  const before: Setup['before'] = {};
  const asked: string[] = [];
  const records: RecordStore = {
    durable: false,
    watch: () => () => undefined,
    compareAndSet: (change) => store.compareAndSet(change),
    async read(key) {
      const kind = key.slice(0, key.indexOf(':'));
      asked.push(kind);
      await before[kind]?.();
      return store.read(key);
    },
  };
  const kit = makeKit({ records });
  const ada = await person(kit);
  await ada.signIn();
  // What is remembered of epochs is too old by then.
  await kit.clock.advance(5_000);
  asked.length = 0;
  return { kit, ada, before, asked, check: () => kit.portcullis.access.check({ session: ada.session, facts: ada.browser.facts() }) };
}

function isDown(): Promise<never> {
  return Promise.reject(new Error('the store is down'));
}

// ASVS 5.0 7.4.1, 6.2.10
describe('the check of a session', () => {
  it('asks for the epochs and for an order to replace the password at once', async () => {
    const { kit, before, asked, check } = await setup();
    let letGo: () => void = () => undefined;
    before['epoch'] = () => new Promise((resolve) => {
      letGo = resolve;
    });
    const checked = check();
    await kit.clock.advance(10);
    expect(asked).toEqual(expect.arrayContaining(['epoch', 'reset', 'reset-before']) as unknown);
    before['epoch'] = undefined;
    letGo();
    expect(await kit.value(checked)).toMatchObject({ outcome: 'allowed' });
  });

  it('says of a session that was ended that it was, also where the orders cannot be read', async () => {
    const { kit, ada, before, check } = await setup();
    await kit.portcullis.epochs.revokeUser({ accountId: ada.id, by });
    before['reset'] = isDown;
    expect(await kit.value(check())).toMatchObject({ verdict: 'signed-out', reply: { status: 401 } });
    expect(kit.events.findLast(({ type }) => type === 'session.refused')).toMatchObject({ reason: 'revoked' });
  });

  it.each([['the epochs', ['epoch']], ['the orders', ['reset']], ['both', ['epoch', 'reset']]])('lets nobody through where %s cannot be read', async (_what, kinds) => {
    const { kit, before, check } = await setup();
    for (const kind of kinds) before[kind] = isDown;
    expect(await kit.value(check())).toMatchObject({ verdict: 'failed', reply: { status: 503 } });
  });

  it('has no failure of the orders left over that comes after the answer of the epochs', async () => {
    const { kit, ada, before, check } = await setup();
    await kit.portcullis.epochs.revokeUser({ accountId: ada.id, by });
    before['reset'] = () => new Promise((_resolve, reject) => kit.clock.after(500, () => {
      reject(new Error('the store is down'));
    }));
    expect(await kit.value(check())).toMatchObject({ verdict: 'signed-out' });
    await kit.clock.advance(1_000);
  });
});
