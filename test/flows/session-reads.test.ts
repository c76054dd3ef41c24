import { describe, expect, it } from 'vitest';
import { memoryStore, type RecordStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { makeKit, type Kit } from '../support/kit.ts';
import { openBrowser, person, type Person } from '../support/person.ts';

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

async function setup(options: Parameters<typeof makeKit>[0] = {}): Promise<Setup> {
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
  const kit = makeKit({ ...options, records });
  const ada = await person(kit);
  await ada.signIn();
  // What is remembered of records is too old by then.
  await kit.clock.advance(2 * 3_600_000);
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

function ordersAsked(asked: readonly string[]): number {
  return asked.filter((kind) => kind === 'reset').length;
}

// ASVS 5.0 6.4.6
describe('an order to change the password', () => {
  it('is asked for once at a sign-in, after the password was looked at', async () => {
    const { kit, ada, asked } = await setup();
    await kit.portcullis.resets.mark({ accountId: ada.id, reason: 'admin', by });
    asked.length = 0;
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in', session: { stage: 'change-password' } });
    expect(ordersAsked(asked)).toBe(1);
  });

  it('is asked for once in each of two steps, and counts as it is in the second', async () => {
    const { kit, ada, asked } = await setup();
    await ada.signIn();
    await ada.enrollWholly();
    const steps = async () => {
      ada.browser = openBrowser();
      expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
      return async () => {
        asked.length = 0;
        const signedIn = await ada.giveCode();
        await kit.clock.advance(30_000);
        return { signedIn, times: ordersAsked(asked) };
      };
    };
    const first = await steps();
    await kit.portcullis.resets.mark({ accountId: ada.id, reason: 'initial', by });
    expect(await first()).toMatchObject({ signedIn: { outcome: 'signed-in', session: { stage: 'change-password' } }, times: 1 });
    const second = await steps();
    await kit.portcullis.resets.unmark({ accountId: ada.id, by });
    expect(await second()).toMatchObject({ signedIn: { outcome: 'signed-in', session: { stage: 'full' } }, times: 1 });
  });

  it('is asked for when a mailed link ends a sign-in that was begun before it', async () => {
    const { kit, ada } = await setup({ challenge: { strangers: 'mail' } });
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'answered' });
    await kit.portcullis.resets.mark({ accountId: ada.id, reason: 'admin', by });
    expect(await ada.openLink()).toMatchObject({ outcome: 'signed-in', session: { stage: 'change-password' } });
  });

  it('is no matter of somebody who came without the password', async () => {
    const { kit, ada, asked } = await setup({ pathways: { google: {} } });
    await kit.portcullis.resets.mark({ accountId: ada.id, reason: 'admin', by });
    asked.length = 0;
    expect(await kit.value(kit.portcullis.recordExternalAuth({ pathway: 'google', accountId: ada.id, facts: openBrowser().facts() }))).toMatchObject({ outcome: 'signed-in', session: { stage: 'full' } });
    expect(ordersAsked(asked)).toBe(0);
  });
});
