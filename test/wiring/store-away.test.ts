import { describe, expect, it, vi } from 'vitest';
import { createPortcullis, memoryStore, type CounterStore, type RecordStore } from 'portcullis';
import { fakeClock } from 'portcullis/testing';
import { keyRing, makeKit, memoryTable, otherPassword, type Kit } from '../support/kit.ts';
import { openBrowser, person, type Person } from '../support/person.ts';
import { stormy, type Weather } from '../stores/resilient-setup.ts';

/** An app whose stores are other processes' and can go away. */
function appWithFarStores(options: Parameters<typeof makeKit>[0] = {}) {
  const clock = fakeClock();
  const counters: { weather: Weather } = { weather: 'fine' };
  const records: { weather: Weather } = { weather: 'fine' };
  const kit = makeKit({
    clock,
    counters: stormy<CounterStore>({ ...memoryStore({ clock }), shared: true }, counters),
    records: stormy<RecordStore>(memoryStore({ clock }), records),
    ...options,
  });
  return { kit, clock, counters, records };
}

function access(kit: Kit, { session, browser }: Pick<Person, 'session' | 'browser'>) {
  return kit.run(kit.portcullis.access.check({ session, facts: browser.facts() }));
}

const away: readonly Weather[] = ['down', 'hanging', 'deaf'];

// ASVS 5.0 16.5.2, 16.5.3
describe.each(away)('an app whose counters are %s', (weather) => {
  it('lets people sign in, and nobody guess more often than ever', async () => {
    const { kit, counters } = appWithFarStores();
    const ada = await person(kit);
    await ada.signIn('a wrong password, the first');
    counters.weather = weather;
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    const eve = openBrowser('198.51.100.7');
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1) {
      const result = await kit.value(kit.portcullis.signIn.attempt({ identifier: 'bo@example.com', password: `guess ${guess} of a stranger`, facts: eve.facts() }));
      statuses.push(result.outcome === 'answered' ? result.reply.status : 200);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429, 429, 429, 429, 429]);
    expect(kit.portcullis.health()).toMatchObject({ ready: true, counters: { state: 'degraded' }, records: { state: 'ok' } });
  });

  it('says so in its events, and is itself again when they are back', async () => {
    const { kit, counters, clock } = appWithFarStores();
    const ada = await person(kit);
    counters.weather = weather;
    for (let attempt = 0; attempt < 4; attempt += 1) await ada.signIn();
    counters.weather = 'fine';
    await clock.advance(2_000);
    expect(kit.events.flatMap((event) => ((event.type === 'store.degraded' || event.type === 'store.recovered') && event.store === 'counters' ? [event.type] : []))).toEqual(['store.degraded', 'store.recovered']);
    expect(kit.portcullis.health()).toEqual({ ready: true, counters: { state: 'ok' }, evidence: { state: 'ok' }, records: { state: 'ok' } });
  });
});

describe.each(away)('an app whose records are %s', (weather) => {
  it('lets nobody in, with 503 and no word of why', async () => {
    const { kit, records } = appWithFarStores();
    const ada = await person(kit);
    records.weather = weather;
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await ada.signIn()).toMatchObject({ outcome: 'answered', reply: { status: 503 } });
    expect(kit.portcullis.health()).toMatchObject({ ready: false, records: { state: 'degraded' } });
  });

  it.each([['with a password', false], ['with a second factor', true]])('lets whoever is signed in %s go on for half a minute, and does not know anybody else', async (_how, factor) => {
    const { kit, records, clock } = appWithFarStores();
    const ada = await person(kit);
    await (factor ? ada.enrollWholly() : ada.signIn());
    const bo = await person(kit, 'bo@example.com', otherPassword);
    await bo.signIn();
    expect((await access(kit, ada)).value).toMatchObject({ outcome: 'allowed' });
    await clock.advance(5_000);
    records.weather = weather;
    for (let visit = 0; visit < 3; visit += 1) expect((await access(kit, ada)).value).toMatchObject({ outcome: 'allowed' });
    // What is known is answered at once, and what cannot be known is refused at once.
    const { value, tookMs } = await access(kit, ada);
    expect([value.outcome, tookMs]).toEqual(['allowed', 0]);
    await clock.advance(30_000);
    expect((await access(kit, ada)).value).toMatchObject({ outcome: 'answered', verdict: 'failed', reply: { status: 503 } });
    records.weather = 'fine';
    await clock.advance(2_000);
    expect((await access(kit, ada)).value).toMatchObject({ outcome: 'allowed' });
  });

  it('lets nobody go on where it was told so', async () => {
    const { kit, records } = appWithFarStores({ stores: { lastKnownForMs: 0 } });
    const ada = await person(kit);
    await ada.signIn();
    expect((await access(kit, ada)).value).toMatchObject({ outcome: 'allowed' });
    records.weather = weather;
    await kit.clock.advance(2_000);
    expect((await access(kit, ada)).value).toMatchObject({ outcome: 'answered', verdict: 'failed' });
  });

  it('revives no session that this process has ended', async () => {
    const { kit, records, clock } = appWithFarStores();
    const ada = await person(kit);
    await ada.signIn();
    await access(kit, ada);
    await kit.value(kit.portcullis.epochs.revokeUser({ accountId: ada.id, by: 'operator-1' }));
    records.weather = weather;
    await clock.advance(2_000);
    expect((await access(kit, ada)).value).not.toMatchObject({ outcome: 'allowed' });
  });
});

// ASVS 5.0 7.4.1
describe('a browser that was ended elsewhere', () => {
  it('spares no second factor where its record can be read late, and written', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const late = { reads: 0 };
    const kit = makeKit({ clock, records: { ...store, read: (key) => (key.startsWith('device:') && late.reads-- > 0 ? Promise.reject(new Error('late')) : store.read(key)) } });
    const ada = await person(kit);
    await ada.enrollWholly();
    ada.browser = openBrowser();
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
    expect(await ada.giveCode(ada.code(), true)).toMatchObject({ outcome: 'signed-in' });
    expect(await ada.signIn()).toMatchObject({ outcome: 'signed-in' });
    // The first visit writes that the new secret has arrived; what a second one reads is kept.
    for (let visit = 0; visit < 2; visit += 1) expect((await access(kit, ada)).value).toMatchObject({ outcome: 'allowed' });
    const elsewhere = makeKit({ clock, records: store });
    await elsewhere.value(elsewhere.portcullis.devices.revokeAll(ada.id));
    await clock.advance(1_000);
    // The first look is answered from memory; the store is well again before the sign-in writes.
    late.reads = 1;
    expect((await ada.signIn()).outcome).not.toBe('signed-in');
    expect(await ada.signIn()).toMatchObject({ outcome: 'second-factor' });
  });
});

describe('several processes that say they are one', () => {
  it('are named where a cluster is seen', () => {
    const cluster = process.getBuiltinModule('node:cluster') as unknown as { isWorker: boolean };
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const make = (processes?: number): string[] => {
      const types: string[] = [];
      const counters: CounterStore = { ...memoryStore(), shared: true };
      const portcullis = createPortcullis({
        keys: keyRing, baseUrl: 'https://app.example.com', accounts: memoryTable(), mailer: { send: async () => undefined }, counters, readOnly: false,
        ...(processes !== undefined && { processes }),
        onEvent: (event) => types.push(event.type === 'limiter.misconfigured' ? event.problem : event.type),
      });
      void portcullis.close();
      return types;
    };
    cluster.isWorker = true;
    try {
      expect(make()).toEqual(['processes-unsaid']);
      expect(warn).toHaveBeenCalledOnce();
      expect(make(4)).toEqual([]);
    } finally {
      cluster.isWorker = false;
      warn.mockRestore();
    }
    expect(make()).toEqual([]);
  });
});
