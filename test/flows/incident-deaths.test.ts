import { describe, expect, it } from 'vitest';
import type { RecordStore } from 'portcullis';
import type { ContainPlan } from '../../src/flows/incident/plan.ts';
import { attack, freshStore, processOf, stores, world, type World } from './incident-setup.ts';

/** How a store's call ends: it was never made, or it was and its answer was lost. */
type Death = 'before' | 'after';

interface Mortal extends RecordStore {
  calls: number;
}

/** A store that is gone from its n-th call on. */
function mortal(store: RecordStore, atCall: number, death: Death): Mortal {
  async function counted<T>(call: () => Promise<T>): Promise<T> {
    self.calls += 1;
    if (self.calls < atCall) return call();
    if (self.calls === atCall && death === 'after') await call();
    throw new Error('dead');
  }
  const self: Mortal = { durable: true, calls: 0, read: (key) => counted(() => store.read(key)), compareAndSet: (change) => counted(() => store.compareAndSet(change)), watch: () => () => undefined };
  return self;
}

/** Counts what was really written, by the kind of record, and whose browsers were forgotten. */
function watched(at: World) {
  const forgotten: string[] = [];
  const devices = { revokeAll: async (accountId: string) => Promise.resolve(void forgotten.push(accountId)) };
  const writes = new Map<string, number>();
  const { store } = at;
  const counting: RecordStore = {
    durable: true,
    read: (key) => store.read(key),
    async compareAndSet(change) {
      const done = await store.compareAndSet(change);
      const kind = change.key.slice(0, change.key.indexOf(':'));
      if (done) writes.set(kind, (writes.get(kind) ?? 0) + 1);
      return done;
    },
    watch: (key, changed) => store.watch(key, changed),
  };
  return { at: { ...at, store: counting }, writes, forgotten, devices };
}

const accounts = 5;

/** `endless`: the end of the attack is not known, so that there is a last look at who comes in. */
function plan(at: World, endless = false): ContainPlan {
  const { untilMs, ...affected } = attack(at).affected;
  return attack(at, { affected: { ...affected, ...(!endless && untilMs !== undefined && { untilMs }), passwordsSetBeforeMs: at.clock.nowMs() - 5_000 } });
}

/** What must be true after it was gone on with, wherever it had stopped. */
async function isContained({ at, writes, forgotten, devices }: ReturnType<typeof watched>, wanted: ContainPlan, where: string): Promise<void> {
  const { incident, resets, readOnly, mfa } = processOf(at, { devices });
  const report = await incident.contain(wanted);
  expect(report, where).toMatchObject({ complete: true, affected: { total: 3 }, resets: { marked: 3, already: 0, failed: 0 } });
  expect(await readOnly.status(), where).toMatchObject([{ level: 'writes' }]);
  expect(await mfa.read({ kind: 'app' }), where).toMatchObject({ by: 'operator-1' });
  const marked = await Promise.all([0, 1, 2, 3, 4].map(async (each) => (await resets.check({ accountId: `a${each}`, passwordSetAtMs: wanted.affected.passwordsSetBeforeMs }))?.reason));
  expect(marked, where).toEqual(['incident', 'incident', 'incident', undefined, undefined]);
  // Nothing twice: one raise, one policy, one mark for each password and one for the old ones.
  expect(Object.fromEntries(['epoch', 'mfa-policy', 'reset', 'reset-before', 'read-only'].map((kind) => [kind, writes.get(kind)])), where).toEqual({ 'epoch': 1, 'mfa-policy': 1, 'reset': 3, 'reset-before': 1, 'read-only': 1 });
  expect([...new Set(forgotten)].sort(), where).toEqual(['a0', 'a1', 'a2']);
  const mails = at.mails.map(({ kind, to }) => `${kind} ${to}`);
  expect(new Set(mails).size, where).toBe(mails.length);
  const { affected, everyoneElse } = report.notices;
  // Nobody lost: who was not mailed is counted as one of whom nobody knows.
  expect([affected.told + affected.maybe, everyoneElse.told + everyoneElse.maybe], where).toEqual([3, 2]);
  expect(mails.length, where).toBeGreaterThanOrEqual(accounts - affected.maybe - everyoneElse.maybe);
}

async function dieAt(on: (typeof stores)[number], atCall: number, death: Death, endless = false): Promise<boolean> {
  const self = watched(world({ on, count: accounts }));
  const wanted = plan(self.at, endless);
  const records = mortal(self.at.store, atCall, death);
  const first = await processOf(self.at, { records, devices: self.devices }).incident.contain(wanted).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'ERR_STORE' });
  });
  await isContained(self, wanted, `${death} call ${atCall}`);
  return first === undefined;
}

// ASVS 5.0 2.3.3
describe('a process that ends in the middle of containing', () => {
  it.each<Death>(['before', 'after'])('at any call of its store (%s it is carried out) is gone on with: nothing lost, nothing done twice', async (death) => {
    let calls = 0;
    for (let atCall = 1, died = true; died; atCall += 1) {
      died = await dieAt('memoryStore', atCall, death);
      calls = atCall;
    }
    expect(calls).toBeGreaterThan(100);
  }, 60_000);

  it.each<Death>(['before', 'after'])('that looks a last time who has come in, at any call (%s)', async (death) => {
    for (let atCall = 1, died = true; died; atCall += 1) died = await dieAt('memoryStore', atCall, death, true);
  }, 60_000);

  it.each<Death>(['before', 'after'])('on SQLite as well, at every eleventh call (%s)', async (death) => {
    for (let atCall = 1, died = true; died; atCall += 11) died = await dieAt('sqliteStore', atCall, death);
  }, 60_000);

  it('again and again, a few calls further each time, comes to its end', async () => {
    const self = watched(world({ count: accounts }));
    const wanted = plan(self.at);
    for (let deaths = 0; deaths < 60; deaths += 1) {
      const records = mortal(self.at.store, 40, deaths % 2 === 0 ? 'before' : 'after');
      await processOf(self.at, { records, devices: self.devices }).incident.contain(wanted).catch(() => undefined);
    }
    await isContained(self, wanted, 'many deaths');
  });
});

describe('the clock', () => {
  it('may be set back by a day at any step: the state in the end is the same', async () => {
    for (const when of ['read-only', 'sessions', 'find', 'resets', 'second-factor', 'tell-affected', 'tell-others']) {
      for (const state of ['begun', 'done']) {
        const self = watched(world({ count: accounts }));
        const wanted = plan(self.at);
        const back = (progress: { readonly step: string; readonly state: string }): void => {
          if (progress.step === when && progress.state === state) self.at.clock.setWallMs(self.at.clock.nowMs() - 86_000_000);
        };
        await processOf(self.at, { devices: self.devices }).incident.contain({ ...wanted, onProgress: back });
        await isContained(self, wanted, `${when} ${state}`);
        const report = await processOf(self.at).incident.report({ id: 'october' });
        for (const { afterMs, tookMs = 0 } of report?.facts.timeline ?? []) expect([tookMs >= 0, afterMs > -86_400_000]).toEqual([true, true]);
      }
    }
  });

  it('set back between a death and the next call ends sessions once more at most', async () => {
    const self = watched(world({ count: accounts }));
    const wanted = plan(self.at);
    await processOf(self.at, { records: mortal(self.at.store, 30, 'after') }).incident.contain(wanted).catch(() => undefined);
    self.at.clock.setWallMs(self.at.clock.nowMs() - 86_000_000);
    expect(await processOf(self.at).incident.contain(wanted)).toMatchObject({ complete: true, resets: { marked: 3 } });
    expect(self.writes.get('epoch')).toBeLessThanOrEqual(2);
  });
});

describe('a store that is emptied in the middle', () => {
  it.each(['sessions', 'find', 'resets', 'tell-affected', 'tell-others'])('of %s is told clearly, and the next call does everything anew', async (when) => {
    const at = world({ count: accounts });
    let { store } = at;
    const records: RecordStore = { durable: true, read: (key) => store.read(key), compareAndSet: (change) => store.compareAndSet(change), watch: () => () => undefined };
    const self = { ...at, store: records };
    const wanted = plan(self);
    const emptied = (progress: { readonly step: string; readonly state: string }): void => {
      if (progress.step === when && progress.state === 'begun') store = freshStore('memoryStore', at.clock);
    };
    await expect(processOf(self).incident.contain({ ...wanted, onProgress: emptied })).rejects.toMatchObject({ code: 'ERR_STORE', message: 'records: the record of the incident is gone; call contain again' });
    const { incident, readOnly, resets } = processOf(self);
    expect(await incident.contain(wanted)).toMatchObject({ complete: true, affected: { total: 3 }, resets: { marked: 3 } });
    expect(await readOnly.status()).toHaveLength(1);
    expect(await resets.check({ accountId: 'a1' })).toMatchObject({ reason: 'incident' });
  });
});
