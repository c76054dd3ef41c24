import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from 'portcullis/testing';
import { freshPath, openStore } from '../stores/sqlite-support.ts';
import { accountId, look, minuteMs, newJar, recordKey, ringOf, sentAfter, setup, settledSignIn, signIn, stores, visited, type Setup } from './setup.ts';

const replayed = { type: 'device.replayed', accountId };

describe.each(stores)('a copy of a cookie, on %s,', (on) => {
  it('gives itself away when it is shown after the browser has signed in again: the device is known no more', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await settledSignIn(kit, jar, { secondFactor: true });
    const thief = newJar(jar.cookie);
    await settledSignIn(kit, jar);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    expect(await look(kit.devices, thief)).toEqual({ known: false });
    expect(kit.events).toEqual([replayed]);
    expect(await look(kit.devices, jar)).toEqual({ known: false });
    expect(await kit.devices.list(accountId)).toEqual([]);
  });

  it('that is used first gives itself away by the owner\'s', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await settledSignIn(kit, jar);
    const thief = newJar(jar.cookie);
    await settledSignIn(kit, thief);
    expect(await look(kit.devices, jar)).toEqual({ known: false });
    expect(await look(kit.devices, thief)).toEqual({ known: false });
    expect(kit.events).toEqual([replayed]);
  });

  it('that is older by several sign-ins gives itself away at once', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await settledSignIn(kit, jar);
    const thief = newJar(jar.cookie);
    for (let turn = 0; turn < 3; turn += 1) await settledSignIn(kit, jar);
    expect(await look(kit.devices, thief)).toEqual({ known: false });
    expect(kit.events).toEqual([replayed]);
  });

  it('that is older by two sign-ins gives itself away also before the newest cookie has been shown', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await settledSignIn(kit, jar);
    const thief = newJar(jar.cookie);
    await settledSignIn(kit, jar);
    await signIn(kit.devices, jar);
    expect(await look(kit.devices, thief)).toEqual({ known: false });
    expect(kit.events).toEqual([replayed]);
  });

  it('is one event, however many show it at once, and takes no other browser with it', async () => {
    const kit = setup({ on });
    const [jar, other] = [newJar(), newJar()];
    await settledSignIn(kit, jar);
    await settledSignIn(kit, other);
    const thief = newJar(jar.cookie);
    await settledSignIn(kit, jar);
    const all = await Promise.all(Array.from({ length: 50 }, () => look(kit.devices, thief)));
    expect(all.filter(({ known }) => known)).toEqual([]);
    expect(kit.events).toEqual([replayed]);
    expect(await look(kit.devices, other)).toMatchObject({ known: true });
  });

  it('does not live on in a sign-in that shows it: that browser is a new one', async () => {
    const kit = setup({ on });
    const jar = newJar();
    const deviceId = await settledSignIn(kit, jar, { secondFactor: true });
    const thief = newJar(jar.cookie);
    await settledSignIn(kit, jar);
    const sinceMs = kit.clock.nowMs();
    const fresh = await signIn(kit.devices, thief);
    expect(fresh).not.toBe(deviceId);
    expect(kit.events).toEqual([replayed]);
    expect(await look(kit.devices, thief)).toEqual({ known: true, deviceId: fresh, knownSinceMs: sinceMs });
    expect(await look(kit.devices, jar)).toEqual({ known: false });
  });

  it('from before a revocation, a removal or the end of its time is a stranger\'s, and no event', async () => {
    for (const end of [
      ({ devices }: Setup) => devices.revokeAll(accountId),
      ({ devices }: Setup, deviceId: string) => devices.remove({ accountId, deviceId }),
      ({ clock }: Setup) => clock.advance(181 * 86_400_000),
    ]) {
      const kit = setup({ on });
      const jar = newJar();
      const deviceId = await settledSignIn(kit, jar);
      const old = newJar(jar.cookie);
      await settledSignIn(kit, jar);
      await end(kit, deviceId);
      await signIn(kit.devices, newJar());
      expect(await look(kit.devices, old)).toEqual({ known: false });
      expect(kit.events.filter(({ type }) => type === 'device.replayed')).toEqual([]);
      expect(await kit.devices.list(accountId)).toHaveLength(1);
    }
  });

  it('of a record that was put back to an older state is unknown, and no event', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await settledSignIn(kit, jar);
    const backup = (await kit.stored()) ?? '';
    await settledSignIn(kit, jar);
    const { version = 0 } = (await kit.records.read(recordKey)) ?? {};
    await kit.records.compareAndSet({ key: recordKey, expectedVersion: version, value: backup });
    expect(await look(kit.devices, jar)).toEqual({ known: false });
    expect(kit.events).toEqual([]);
    await signIn(kit.devices, jar);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
  });
});

describe.each(stores)('a browser whose answers get lost or come late, on %s,', (on) => {
  it('is known by its old cookie until the new one has arrived, and a minute longer', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await settledSignIn(kit, jar);
    const late = newJar(jar.cookie);
    await signIn(kit.devices, jar);
    await kit.clock.advance(40 * minuteMs);
    expect(await look(kit.devices, late)).toMatchObject({ known: true });
    expect(await look(kit.devices, jar)).toMatchObject({ known: true });
    await kit.clock.advance(minuteMs - 1);
    expect(await look(kit.devices, late)).toMatchObject({ known: true });
    await kit.clock.advance(1);
    expect(kit.events).toEqual([]);
    expect(await look(kit.devices, late)).toEqual({ known: false });
    expect(kit.events).toEqual([replayed]);
  });

  it('is still the same when no answer but the last has reached it', async () => {
    const kit = setup({ on });
    const jar = newJar();
    const deviceId = await settledSignIn(kit, jar);
    const lost = newJar();
    for (let turn = 0; turn < 5; turn += 1) {
      lost.cookie = jar.cookie;
      expect(await signIn(kit.devices, lost)).toBe(deviceId);
      await kit.clock.advance(86_400_000);
    }
    expect(await look(kit.devices, lost)).toMatchObject({ known: true, deviceId });
    expect(kit.events).toEqual([]);
  });

  it.each([0, 1])('is known whichever of two answers comes last (%i)', async (last) => {
    const kit = setup({ on });
    const jar = newJar();
    const deviceId = await settledSignIn(kit, jar);
    const tabs = [newJar(jar.cookie), newJar(jar.cookie)];
    expect(await Promise.all(tabs.map((tab) => signIn(kit.devices, tab)))).toEqual([deviceId, deviceId]);
    for (let turn = 0; turn < 3; turn += 1) {
      await kit.clock.advance(10 * minuteMs);
      expect(await look(kit.devices, newJar(tabs[last]?.cookie))).toMatchObject({ known: true, deviceId });
    }
    expect(await settledSignIn(kit, newJar(tabs[last]?.cookie))).toBe(deviceId);
    expect(kit.events).toEqual([]);
  });

  it('that signs in again within a minute keeps its secret, and a tab that began before is no copy', async () => {
    const kit = setup({ on });
    const jar = newJar();
    const deviceId = await settledSignIn(kit, jar);
    const slow = newJar(jar.cookie);
    for (let turn = 0; turn < 3; turn += 1) {
      await signIn(kit.devices, jar);
      await look(kit.devices, jar);
      await kit.clock.advance(10_000);
    }
    expect(await signIn(kit.devices, slow)).toBe(deviceId);
    expect(kit.events).toEqual([]);
    for (const each of [jar, slow]) expect(await look(kit.devices, each)).toMatchObject({ known: true, deviceId });
  });

  it('that lost an answer long ago, and signs in in three tabs at once, is no copy', async () => {
    const kit = setup({ on });
    const jar = newJar();
    const deviceId = await settledSignIn(kit, jar);
    const lost = newJar(jar.cookie);
    await signIn(kit.devices, lost);
    await kit.clock.advance(minuteMs);
    const slow = newJar(jar.cookie);
    await signIn(kit.devices, jar);
    await signIn(kit.devices, jar);
    expect(await signIn(kit.devices, slow)).toBe(deviceId);
    expect(kit.events).toEqual([]);
  });

  it('is one device after fifty sign-ins at once, by each of their cookies', async () => {
    const kit = setup({ on });
    for (const jar of [visited(kit.devices), newJar()]) {
      if (jar.cookie === undefined) await settledSignIn(kit, jar);
      const before = (await kit.devices.list(accountId)).length;
      const known = (await look(kit.devices, jar)).known;
      const tabs = Array.from({ length: 50 }, () => newJar(jar.cookie));
      const ids = await Promise.all(tabs.map((tab) => signIn(kit.devices, tab)));
      expect(new Set(ids).size).toBe(1);
      expect(await kit.devices.list(accountId)).toHaveLength(before + (known ? 0 : 1));
      await kit.clock.advance(30 * minuteMs);
      for (const tab of tabs) expect(await look(kit.devices, tab)).toMatchObject({ known: true, deviceId: ids[0] });
    }
    expect(kit.events).toEqual([]);
  });

  it('that never had a cookie is a device for each sign-in at once, and known by each of up to twenty', async () => {
    const kit = setup({ on });
    const tabs = Array.from({ length: 20 }, () => newJar());
    const ids = await Promise.all(tabs.map((tab) => signIn(kit.devices, tab)));
    expect(new Set(ids).size).toBe(20);
    for (const tab of tabs) expect(await look(kit.devices, tab)).toMatchObject({ known: true });
  });

  it('does not become known by what another tab did unless it signs in too, and only within a minute', async () => {
    const kit = setup({ on });
    const jar = visited(kit.devices);
    const tab = newJar(jar.cookie);
    const first = await signIn(kit.devices, jar);
    expect(await look(kit.devices, tab)).toEqual({ known: false });
    await kit.clock.advance(minuteMs);
    expect(await signIn(kit.devices, tab)).not.toBe(first);
    expect(await look(kit.devices, jar)).toMatchObject({ known: true, deviceId: first });
  });

  it('is recognized by fifty requests at once that bring a new cookie for the first time, with one write', async () => {
    const kit = setup({ on });
    const jar = newJar();
    await settledSignIn(kit, jar);
    await signIn(kit.devices, jar);
    const all = await Promise.all(Array.from({ length: 50 }, () => look(kit.devices, jar)));
    expect(all.every(({ known }) => known)).toBe(true);
    kit.calls.length = 0;
    await look(kit.devices, jar);
    expect(kit.calls).toEqual(['read']);
  });
});

type Step = { readonly do: 'begin' | 'finish' | 'deliver' | 'lose' | 'look'; readonly at: number; readonly afterMs: number };

const step: fc.Arbitrary<Step> = fc.record({ do: fc.constantFrom('begin', 'begin', 'finish', 'finish', 'finish', 'deliver', 'deliver', 'lose', 'look'), at: fc.nat({ max: 3 }), afterMs: fc.oneof({ weight: 17, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 9_000 }) }, { weight: 1, arbitrary: fc.constantFrom(minuteMs, 86_400_000) }) });

interface Flight {
  readonly begunMs: number;
  readonly cookie: string | undefined;
  answer?: string;
}

/** Plays a history of sign-ins that overlap. Nothing is under way for more than 29 s: who would wait that long? */
async function play(kit: Setup, jar: { cookie: string | undefined }, steps: readonly Step[]): Promise<void> {
  const flights: Flight[] = [];
  let { known } = await look(kit.devices, jar);
  for (const { do: act, at, afterMs } of steps) {
    await kit.clock.advance(afterMs);
    const nowMs = kit.clock.nowMs();
    flights.splice(0, flights.length, ...flights.filter(({ begunMs }) => nowMs - begunMs < 29_000));
    const flight = flights[at % Math.max(1, flights.length)];
    if (act === 'begin') flights.push({ begunMs: nowMs, cookie: jar.cookie });
    if (act === 'finish' && flight !== undefined && flight.answer === undefined) flight.answer = (await kit.devices.remember({ browser: kit.devices.read(flight.cookie), accountId, name: 'ada' })).setCookie;
    if (act === 'lose' && flight !== undefined) flights.splice(flights.indexOf(flight), 1);
    if (act === 'deliver' && flight?.answer !== undefined) {
      jar.cookie = sentAfter(flight.answer);
      flights.splice(flights.indexOf(flight), 1);
      known = true;
    }
    if (act === 'look' || act === 'deliver') expect((await kit.devices.recognize(kit.devices.read(jar.cookie), accountId)).known).toBe(known);
  }
  expect(kit.events).toEqual([]);
}

describe('a browser that nobody has copied', () => {
  it('stays known, and is never taken for a copy, however its sign-ins overlap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), fc.constantFrom('new', 'was here', 'known'), async (steps, start) => {
        const kit = setup();
        const jar = start === 'new' ? newJar() : visited(kit.devices);
        if (start === 'known') await settledSignIn(kit, jar);
        await play(kit, jar, steps);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('two processes on one file', () => {
  it('take sign-ins of one browser at once for one device', async () => {
    const path = freshPath();
    const clock = fakeClock();
    const keys = ringOf('k1');
    const [one, other] = [setup({ store: openStore(path, { clock }), clock, keys }), setup({ store: openStore(path, { clock }), clock, keys })];
    const jar = newJar();
    await settledSignIn(one, jar);
    const tabs = Array.from({ length: 20 }, () => newJar(jar.cookie));
    const ids = await Promise.all(tabs.map((tab, at) => signIn((at % 2 === 0 ? one : other).devices, tab)));
    expect(new Set(ids).size).toBe(1);
    await clock.advance(10 * minuteMs);
    for (const tab of tabs) expect(await look(other.devices, tab)).toMatchObject({ known: true });
    await other.devices.revokeAll(accountId);
    for (const tab of tabs) expect(await look(one.devices, tab)).toEqual({ known: false });
  });
});
