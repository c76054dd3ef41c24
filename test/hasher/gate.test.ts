import { BusyError } from 'portcullis';
import { createHasher, type GateOptions, type HashEngine, type Hasher } from 'portcullis/hasher';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { eventRecorder } from '../support/recorder.ts';
import { heldEngine, quickEngine } from './engines.ts';

/** A hasher whose derivations end when told, and how each question put to it ended. */
function setup(gate: GateOptions = {}) {
  const clock = fakeClock();
  const engine = heldEngine();
  const recorder = eventRecorder();
  const hasher = createHasher({ engine, clock, emit: recorder.emit, gate: { maxRunning: 2, maxWaiting: 3, maxWaitMs: 1_000, ...gate } });
  const ended: { readonly password: string; readonly how: string; readonly retryAfterMs?: number }[] = [];

  function ask(password: string, stored?: string): void {
    hasher.verify({ password, stored, name: password }).then(
      ({ ok }) => ended.push({ password, how: ok ? 'right' : 'wrong' }),
      (error: unknown) => ended.push(error instanceof BusyError ? { password, how: error.code, retryAfterMs: error.retryAfterMs } : { password, how: String(error) }),
    );
  }

  /** Lets what is ready run, without letting time pass. */
  const settle = () => clock.advance(0);
  /** Ends the oldest derivation `afterMs` from now. */
  async function finish(afterMs = 0, error?: Error): Promise<void> {
    await clock.advance(afterMs);
    engine.finish(error);
    await settle();
  }
  const endings = (how: string) => ended.filter((each) => each.how === how).map(({ password }) => password);
  return { hasher, clock, engine, recorder, ended, ask, settle, finish, endings };
}

// ASVS 15.2.2, 2.4.1
describe('the gate', () => {
  it('lets a few run, a few wait, and refuses the rest at once: a thousand together', async () => {
    const { engine, ask, settle, finish, ended, endings } = setup();
    for (let index = 0; index < 1_000; index += 1) ask(`p${index}`);
    await settle();
    expect(engine.running()).toBe(2);
    expect(endings('ERR_BUSY')).toHaveLength(995);
    for (let index = 0; index < 5; index += 1) await finish();
    expect(endings('wrong')).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
    expect(ended).toHaveLength(1_000);
    expect(engine.most()).toBe(2);
    expect(engine.running()).toBe(0);
  });

  it('tells how many run and how many wait', async () => {
    const { hasher, ask, settle, finish } = setup();
    expect(hasher.load()).toEqual({ running: 0, waiting: 0 });
    for (let index = 0; index < 1_000; index += 1) ask(`p${index}`);
    await settle();
    expect(hasher.load()).toEqual({ running: 2, waiting: 3 });
    for (let index = 0; index < 5; index += 1) await finish();
    expect(hasher.load()).toEqual({ running: 0, waiting: 0 });
  });

  it('serves in the order of arrival, each once, and is open again afterwards', async () => {
    const { engine, ask, settle, finish, endings } = setup();
    for (const round of ['a', 'b', 'c']) {
      for (let index = 0; index < 5; index += 1) ask(`${round}${index}`);
      await settle();
      for (let index = 0; index < 5; index += 1) await finish();
    }
    expect(engine.passwords()).toEqual(['a', 'b', 'c'].flatMap((round) => [0, 1, 2, 3, 4].map((index) => `${round}${index}`)));
    expect(endings('ERR_BUSY')).toEqual([]);
  });

  it('never lets more run than it may, also while places pass from one to the next', async () => {
    const { engine, ask, settle, finish, ended } = setup();
    for (let index = 0; index < 50; index += 1) {
      for (const part of ['a', 'b', 'c']) ask(`${part}${index}`);
      await settle();
      await finish();
    }
    expect(engine.most()).toBe(2);
    while (engine.running() > 0) await finish();
    expect(ended).toHaveLength(150);
  });

  it('holds new hashes to the same bounds as sign-ins', async () => {
    const { hasher, engine, ask, settle, finish } = setup({ maxWaiting: 0 });
    ask('p0');
    const hashed = hasher.hash('correct horse');
    await settle();
    await expect(hasher.hash('another')).rejects.toMatchObject({ code: 'ERR_BUSY', message: 'hasher.gate: too many passwords at once' });
    expect(engine.running()).toBe(2);
    await finish();
    await finish();
    expect(await hashed).toMatch(/^\$argon2id/);
  });

  it('refuses whoever has waited too long, and never starts that work', async () => {
    const { clock, engine, ask, finish, endings } = setup();
    ask('p0');
    ask('p1');
    await clock.advance(400);
    ask('p2');
    await clock.advance(300);
    ask('p3');
    await clock.advance(699);
    expect(endings('ERR_BUSY')).toEqual([]);
    await clock.advance(1);
    expect(endings('ERR_BUSY')).toEqual(['p2']);
    await finish();
    await finish();
    await finish();
    expect(endings('wrong')).toEqual(['p0', 'p1', 'p3']);
    expect(engine.passwords()).toEqual(['p0', 'p1', 'p3']);
  });

  it('refuses the late also where the timer itself is late', async () => {
    const real = fakeClock();
    // A blocked event loop: timers do not run, time passes.
    const clock = { ...real, after: () => () => undefined };
    const engine = heldEngine();
    const hasher = createHasher({ engine, clock, gate: { maxRunning: 1, maxWaiting: 5, maxWaitMs: 1_000 } });
    const first = hasher.verify({ password: 'p0', stored: undefined, name: 'p0' });
    const second = hasher.verify({ password: 'p1', stored: undefined, name: 'p1' });
    await real.advance(1_500);
    engine.finish();
    expect(await first).toEqual({ ok: false });
    await expect(second).rejects.toMatchObject({ code: 'ERR_BUSY', message: 'hasher.gate: too many passwords at once' });
    expect(engine.passwords()).toEqual(['p0']);
  });

  it('refuses on arrival who would wait too long, by what derivations have taken', async () => {
    const { ask, settle, finish, endings, engine } = setup({ maxWaiting: 100 });
    ask('p0');
    await settle();
    await finish(600);
    for (let index = 1; index <= 10; index += 1) ask(`p${index}`);
    await settle();
    // Two at a time, 600 ms each: the third who waits would wait 900 ms, the fourth 1,200.
    expect(endings('ERR_BUSY')).toEqual(['p6', 'p7', 'p8', 'p9', 'p10']);
    for (let index = 0; index < 5; index += 1) await finish();
    expect(engine.running()).toBe(0);
  });

  it('never refuses while a place is free, however slow the last derivation was', async () => {
    const { ask, settle, finish, endings } = setup();
    ask('p0');
    await settle();
    await finish(60_000);
    ask('p1');
    await settle();
    await finish(10);
    expect(endings('wrong')).toEqual(['p0', 'p1']);
  });

  it('gives the place back when the engine fails', async () => {
    const { ask, settle, finish, endings, engine } = setup({ maxRunning: 1 });
    for (const password of ['p0', 'p1', 'p2']) ask(password);
    await settle();
    await finish(0, new Error('out of memory'));
    await finish(0, new Error('out of memory'));
    await finish();
    expect(endings('StoreError: hasher.engine: the derivation failed')).toEqual(['p0', 'p1']);
    expect(endings('wrong')).toEqual(['p2']);
    expect(engine.running()).toBe(0);
  });
});

describe('a refusal', () => {
  it('says when to come back: when what waits is done, in whole derivations as they were measured, and at least a second', async () => {
    const { ask, settle, finish, ended } = setup({ maxWaiting: 3, maxWaitMs: 60_000 });
    ask('p0');
    await settle();
    await finish(3_000);
    for (let index = 1; index <= 6; index += 1) ask(`p${index}`);
    await settle();
    expect(ended.at(-1)).toEqual({ password: 'p6', how: 'ERR_BUSY', retryAfterMs: 6_000 });
  });

  it('says a second while nothing was measured', async () => {
    const { ask, settle, ended } = setup({ maxWaiting: 0 });
    for (const password of ['p0', 'p1', 'p2']) ask(password);
    await settle();
    expect(ended).toEqual([{ password: 'p2', how: 'ERR_BUSY', retryAfterMs: 1_000 }]);
  });

  // ASVS 6.3.8
  it('is the same for a known name, an unknown one, a broken row and what is no password', async () => {
    const { hasher, ask, settle, recorder } = setup({ maxWaiting: 0 });
    const stored = await createHasher({ engine: quickEngine() }).hash('correct horse');
    ask('p0');
    ask('p1');
    await settle();
    const refusals = await Promise.all(
      [
        { password: 'correct horse', stored, name: 'ada' },
        { password: 'a wrong one', stored, name: 'ada' },
        { password: 'correct horse', stored: undefined, name: 'nobody' },
        { password: 'correct horse', stored: 'broken', name: 'ada' },
        { password: '\ud800', stored, name: 'ada' },
      ].map((question) => hasher.verify(question).catch((error: unknown) => error)),
    );
    const [first] = refusals;
    expect(first).toBeInstanceOf(BusyError);
    for (const refusal of refusals) expect(refusal).toEqual(first);
    // Not even an event tells them apart.
    expect(recorder.types()).toEqual(['hasher.busy']);
  });

  it('is one event in ten seconds, however many there are', async () => {
    const { ask, settle, clock, recorder } = setup({ maxRunning: 1, maxWaiting: 1, maxWaitMs: 60_000 });
    for (let index = 0; index < 100; index += 1) ask(`p${index}`);
    await settle();
    expect(recorder.events).toEqual([{ type: 'hasher.busy', running: 1, waiting: 1, retryAfterMs: 1_000 }]);
    await clock.advance(9_999);
    ask('later');
    await settle();
    expect(recorder.types()).toHaveLength(1);
    await clock.advance(1);
    ask('later');
    await settle();
    expect(recorder.types()).toEqual(['hasher.busy', 'hasher.busy']);
  });
});

describe('an engine that does not do its work', () => {
  const broken = (derive: HashEngine['derive']): Hasher => createHasher({ engine: { name: 'broken', derive } });
  const question = { password: 'correct horse', stored: undefined, name: 'ada' };

  it('is an error of the system and no wrong password, and keeps its cause', async () => {
    const cause = new Error('out of memory');
    const hasher = broken(() => Promise.reject(cause));
    await expect(hasher.verify(question)).rejects.toMatchObject({ code: 'ERR_STORE', message: 'hasher.engine: the derivation failed', cause });
    await expect(hasher.hash('correct horse')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'hasher.engine: the derivation failed', cause });
  });

  it('may throw instead of rejecting', async () => {
    const hasher = broken(() => {
      throw new Error('at once');
    });
    await expect(hasher.verify(question)).rejects.toMatchObject({ code: 'ERR_STORE', message: 'hasher.engine: the derivation failed' });
  });

  it.each([
    ['too few bytes', new Uint8Array(31)],
    ['none', new Uint8Array(0)],
    ['a text', 'x'.repeat(32)],
    ['nothing', undefined],
  ])('is found out when it answers %s', async (_, tag) => {
    const hasher = broken(() => Promise.resolve(tag as Uint8Array));
    await expect(hasher.verify(question)).rejects.toMatchObject({ code: 'ERR_STORE', message: 'hasher.engine: expected 32 bytes' });
    await expect(hasher.hash('correct horse')).rejects.toMatchObject({ code: 'ERR_STORE', message: 'hasher.engine: expected 32 bytes' });
  });
});
