import { Worker } from 'node:worker_threads';
import { commonList } from 'portcullis/breach';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { passwordPolicyWith } from '../../src/password/policy.ts';
import type { WorkerLike } from '../../src/password/strength-thread.ts';
import { createStrengthMeter, maxWaiting } from '../../src/password/strength.ts';
import { eventRecorder } from '../support/recorder.ts';
import { fakeWorker, meterOfScore, readyWorker, type FakeWorker } from './fake-worker.ts';
import { codesOf, goodPassword, unhurriedClock } from './setup.ts';

const names = ['alice'];

/** A meter whose threads a test makes and holds in its hands, and a clock that it moves. */
function setup(spawn: (index: number) => WorkerLike = () => fakeWorker()) {
  const clock = fakeClock();
  const { emit, events } = eventRecorder();
  const spawned: WorkerLike[] = [];
  const meter = createStrengthMeter({
    clock,
    emit,
    spawn() {
      const worker = spawn(spawned.length);
      spawned.push(worker);
      return worker;
    },
  });
  const answers: unknown[] = [];
  function measure(password = goodPassword): void {
    void meter.measure(password, names).then((answer) => answers.push(answer));
  }
  return { clock, events, spawned, meter, answers, measure, worker: (index: number) => spawned[index] as FakeWorker };
}

const unknownEvent = (reason: string) => ({ type: 'strength.unknown', reason });

describe('the estimate of strength', () => {
  it.each([
    [0, ['weak']],
    [1, ['weak']],
    [2, []],
    [3, []],
    [4, []],
  ])('refuses what falls within a million guesses: score %i', async (score, expected) => {
    expect(codesOf(await meterOfScore(score).check({ password: goodPassword }))).toEqual(expected);
  });

  it('is part of the answer', async () => {
    expect(await meterOfScore(3).check({ password: goodPassword })).toEqual({ ok: true, breach: 'not-checked', strength: 3 });
  });

  it('can be asked to be higher, or not to be made: then no thread is started', async () => {
    expect(codesOf(await meterOfScore(3, { minStrength: 4 }).check({ password: goodPassword }))).toEqual(['weak']);
    let spawned = 0;
    const policy = passwordPolicyWith({ commonList: commonList(), minStrength: 0 }, () => {
      spawned += 1;
      return readyWorker(0);
    });
    await policy.warmUp();
    expect(await policy.check({ password: goodPassword })).toMatchObject({ ok: true, strength: 'unknown' });
    await policy.close();
    expect(spawned).toBe(0);
  });

  it('looks at the first 32 characters, whole, and at the words about the person', async () => {
    const { worker, measure, clock } = setup();
    measure('😀'.repeat(31) + 'é' + 'never sent');
    await clock.advance(0);
    worker(0).say('ready');
    await clock.advance(0);
    expect(worker(0).questions).toEqual([{ text: '😀'.repeat(31) + 'é', words: names }]);
  });

  it('gets the words in their folded form, those of the person first', async () => {
    const workers: FakeWorker[] = [];
    const policy = passwordPolicyWith({ commonList: commonList(), contextWords: ['Acme'] }, () => {
      const worker = readyWorker(4);
      workers.push(worker);
      return worker;
    });
    await policy.check({ password: goodPassword, personal: ['Zoë'] });
    expect(workers[0]?.questions).toEqual([{ text: goodPassword, words: ['zoe', 'acme'] }]);
  });
});

describe('the thread that estimates', () => {
  it('is started by the first question, not before, and does not hold the process', async () => {
    const { spawned, worker, measure, answers, clock } = setup(() => readyWorker(4));
    expect(spawned).toHaveLength(0);
    measure();
    await clock.advance(0);
    expect(answers).toEqual([4]);
    expect(worker(0).state.unrefs).toBe(1);
  });

  it('is started by warmUp, and used by the first question', async () => {
    const { spawned, meter, measure, answers, clock } = setup(() => readyWorker(4));
    await meter.warmUp();
    expect(spawned).toHaveLength(1);
    measure();
    await clock.advance(0);
    expect([answers, spawned.length]).toEqual([[4], 1]);
  });

  it('gets one question at a time', async () => {
    const { worker, measure, answers, clock } = setup();
    for (let index = 0; index < 3; index += 1) measure(`question ${index}`);
    await clock.advance(0);
    worker(0).say('ready');
    for (let index = 0; index < 3; index += 1) {
      await clock.advance(0);
      expect(worker(0).questions).toHaveLength(index + 1);
      worker(0).say({ score: index });
    }
    await clock.advance(0);
    expect(answers).toEqual([0, 1, 2]);
  });

  it('has 250 ms from ready to answer; then the estimate is unknown, and another thread takes its place', async () => {
    const { spawned, worker, measure, answers, events, clock } = setup();
    measure();
    await clock.advance(1_500);
    worker(0).say('ready');
    await clock.advance(249);
    expect(answers).toEqual([]);
    await clock.advance(1);
    expect(answers).toEqual(['unknown']);
    expect(events).toEqual([unknownEvent('late')]);
    expect(worker(0).state.ended).toBe(true);
    expect(spawned).toHaveLength(2);
    measure();
    worker(1).say('ready');
    await clock.advance(0);
    worker(0).say({ score: 0 });
    worker(1).say({ score: 4 });
    await clock.advance(0);
    expect(answers).toEqual(['unknown', 4]);
  });

  it('has 2 s to start; then it is ended, and left alone for 30 s', async () => {
    const { spawned, worker, measure, answers, events, clock } = setup((index) => (index === 0 ? fakeWorker() : readyWorker(4)));
    measure();
    await clock.advance(1_999);
    expect(answers).toEqual([]);
    await clock.advance(1);
    expect([answers, worker(0).state.ended]).toEqual([['unknown'], true]);
    measure();
    await clock.advance(29_999);
    measure();
    await clock.advance(0);
    expect(spawned).toHaveLength(1);
    await clock.advance(1);
    measure();
    await clock.advance(0);
    expect(answers).toEqual(['unknown', 'unknown', 'unknown', 4]);
    expect(events).toEqual([unknownEvent('start-late'), unknownEvent('resting'), unknownEvent('resting')]);
  });

  it('is not taken for late when the app itself held the event loop', async () => {
    const { worker, measure, answers, events, clock } = setup();
    measure();
    await clock.advance(0);
    worker(0).say('ready');
    await clock.advance(0);
    // Both are due after the block: the timer runs first, the answer arrives in the same turn.
    clock.after(250, () => {
      worker(0).say({ score: 4 });
    });
    await clock.advance(400);
    expect([answers, events]).toEqual([[4], []]);
  });

  it('that crashes while it is asked is replaced, three times in a row; then it rests', async () => {
    const { spawned, worker, measure, answers, events, clock } = setup();
    for (let index = 0; index < 3; index += 1) {
      measure();
      await clock.advance(0);
      worker(index).say('ready');
      await clock.advance(0);
      worker(index).crash();
      await clock.advance(0);
    }
    measure();
    await clock.advance(0);
    expect(answers).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    expect(events).toEqual([unknownEvent('crashed'), unknownEvent('crashed'), unknownEvent('crashed'), unknownEvent('resting')]);
    expect(spawned).toHaveLength(3);
  });

  it('that works in between does not rest', async () => {
    const { spawned, worker, meter, measure, answers, events, clock } = setup();
    async function crashOnce(index: number): Promise<void> {
      if (index < 2) worker(index).say('ready');
      await clock.advance(0);
      measure();
      await clock.advance(0);
      worker(index).crash();
      await clock.advance(0);
    }
    void meter.warmUp();
    await crashOnce(0);
    await crashOnce(1);
    worker(2).say('ready');
    measure();
    await clock.advance(0);
    worker(2).say({ score: 4 });
    await clock.advance(0);
    await crashOnce(2);
    expect(answers).toEqual(['unknown', 'unknown', 4, 'unknown']);
    expect(events).toEqual([unknownEvent('crashed'), unknownEvent('crashed'), unknownEvent('crashed')]);
    expect(spawned).toHaveLength(4);
  });

  it('that ends between two questions is started again', async () => {
    const { spawned, worker, meter, measure, answers, events, clock } = setup(() => readyWorker(3));
    await meter.warmUp();
    worker(0).crash();
    await clock.advance(0);
    measure();
    await clock.advance(0);
    expect([answers, events, spawned.length]).toEqual([[3], [], 2]);
  });

  it.each([
    ['cannot be started', () => { throw new Error('no threads here'); }],
    ['ends at once', () => { const worker = fakeWorker(); queueMicrotask(() => { worker.crash(); }); return worker; }],
  ])('that %s is one event and no estimate', async (_, spawn: () => WorkerLike) => {
    const { measure, answers, events, clock } = setup(spawn);
    measure();
    await clock.advance(0);
    expect([answers, events]).toEqual([['unknown'], [unknownEvent('start-failed')]]);
  });

  it.each([undefined, null, 'ready', {}, { score: null }, { score: 5 }, { score: 2.5 }, { score: '4' }])('that answers %j is not believed, and stays', async (answer) => {
    const { spawned, worker, measure, answers, events, clock } = setup(() => {
      const made = fakeWorker(() => answer);
      queueMicrotask(() => { made.say('ready'); });
      return made;
    });
    measure();
    await clock.advance(0);
    expect([answers, events]).toEqual([['unknown'], [unknownEvent('failed')]]);
    expect([spawned.length, worker(0).state.ended]).toEqual([1, false]);
  });
});

describe('many questions at once', () => {
  it('wait up to a bound; the rest is told at once that nobody knows', async () => {
    const { measure, answers, events, clock } = setup();
    for (let index = 0; index < maxWaiting + 11; index += 1) measure();
    await clock.advance(0);
    expect(answers).toEqual(Array.from({ length: 10 }, () => 'unknown'));
    expect(events).toEqual(Array.from({ length: 10 }, () => unknownEvent('busy')));
  });

  it('wait 2.25 s at most, and cost the thread nothing when nobody waits any more', async () => {
    const { worker, measure, answers, clock } = setup();
    for (let index = 0; index < 20; index += 1) measure(`question ${index}`);
    await clock.advance(0);
    worker(0).say('ready');
    for (let turn = 0; turn < 11; turn += 1) {
      await clock.advance(204);
      worker(0).say({ score: 4 });
    }
    await clock.advance(10);
    expect(answers).toHaveLength(20);
    expect(answers.filter((answer) => answer === 4)).toHaveLength(11);
    // The last one asked is answered; of the eight whom nobody waits for, none is asked any more.
    worker(0).say({ score: 4 });
    await clock.advance(0);
    expect(worker(0).questions).toHaveLength(12);
  });
});

describe('closing', () => {
  it('ends the thread; checks go on without an estimate', async () => {
    const { worker, meter, measure, answers, events, clock } = setup(() => readyWorker(4));
    await meter.warmUp();
    await meter.close();
    expect(worker(0).state.ended).toBe(true);
    measure();
    await meter.warmUp();
    await clock.advance(0);
    expect(answers).toEqual(['unknown']);
    expect(events).toEqual([unknownEvent('closed'), unknownEvent('closed')]);
  });

  it('answers who is waiting', async () => {
    const { worker, meter, measure, answers, events, clock } = setup();
    measure();
    measure();
    await clock.advance(0);
    worker(0).say('ready');
    await clock.advance(0);
    await meter.close();
    await clock.advance(0);
    expect([answers, events]).toEqual([['unknown', 'unknown'], [unknownEvent('closed'), unknownEvent('closed')]]);
  });

  it('without a thread is nothing', async () => {
    const { meter, spawned } = setup();
    await meter.close();
    await meter.close();
    expect(spawned).toHaveLength(0);
  });
});

describe('a password policy without its estimator', () => {
  const missingFile = () => new Worker('/no/such/strength-worker.js');

  it('says that the strength is unknown, once, and waives no other check', async () => {
    const { emit, events } = eventRecorder();
    const policy = passwordPolicyWith({ commonList: commonList(), emit, clock: unhurriedClock }, missingFile);
    expect(await policy.check({ password: goodPassword })).toEqual({ ok: true, breach: 'not-checked', strength: 'unknown' });
    expect(events).toEqual([unknownEvent('start-failed')]);
    expect(codesOf(await policy.check({ password: 'passwordpassword' }))).toEqual(['common']);
    expect(codesOf(await policy.check({ password: 'torvund-torvund!', personal: ['Torvund'] }))).toEqual(['context']);
    expect(codesOf(await policy.check({ password: 'plums' }))).toEqual(['too-short']);
  });

  it('warms up without a rejection', async () => {
    const { emit, events } = eventRecorder();
    const policy = passwordPolicyWith({ commonList: commonList(), emit, clock: unhurriedClock }, missingFile);
    await policy.warmUp();
    expect(events).toEqual([unknownEvent('start-failed')]);
  });
});
