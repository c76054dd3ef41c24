import { alarmSenderDefaults, createAlarmSender, type Alarm, type AlarmSenderOptions, type AlarmSink } from 'portcullis/detect';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it, vi } from 'vitest';
import { alarm, setup, stuffing } from '../support.ts';

/** A sink that remembers what it was sent, and does what `act` says. */
function sinkOf(act: (turn: number, signal: AbortSignal) => void | Promise<void> = () => undefined, name = 'pager') {
  const sent: Alarm[] = [];
  const sink: AlarmSink = {
    name,
    send(one, signal) {
      sent.push(one);
      return act(sent.length, signal);
    },
  };
  return { sink, sent, ids: () => sent.map(({ id }) => id) };
}

const down = (): Promise<void> => Promise.reject(new Error('down'));

describe('the alarm sender', () => {
  it('hands every alarm to every sink, after the code that raised it', async () => {
    const one = sinkOf(undefined, 'one');
    const other = sinkOf(undefined, 'other');
    const { sender, clock } = setup([one.sink, other.sink]);
    sender.send(stuffing);
    expect([one.sent, other.sent]).toEqual([[], []]);
    await clock.advance(0);
    expect([one.sent, other.sent]).toEqual([[stuffing], [stuffing]]);
    expect(sender.dropped()).toEqual({ refused: 0, bySink: { one: 0, other: 0 } });
  });

  it('hands over a copy that nobody can change any more', async () => {
    const { sink, sent } = sinkOf();
    const { sender, clock } = setup([sink]);
    const live = { ...stuffing, sources: [...stuffing.sources], entered: [...stuffing.entered], count: 1 };
    sender.send(live);
    live.count = 99;
    live.sources.push('198.51.100.1');
    await clock.advance(0);
    expect(sent).toEqual([{ ...stuffing, count: 1 }]);
    expect([sent[0], sent[0]?.sources, sent[0]?.entered, sent[0]?.entered[0], sent[0]?.evidence].every(Object.isFrozen)).toBe(true);
  });

  // A dead sink delays nobody.
  it.each([
    ['throws', () => { throw new Error('down'); }],
    ['rejects', down],
    ['never answers', () => new Promise<void>(() => undefined)],
  ])('brings alarms to one sink while another one %s', async (_, act) => {
    const dead = sinkOf(act, 'dead');
    const well = sinkOf(undefined, 'well');
    const { sender, clock } = setup([dead.sink, well.sink]);
    for (let number = 0; number < 50; number += 1) sender.send(alarm(number));
    await clock.advance(0);
    expect(well.sent).toHaveLength(50);
    expect(dead.sent).toHaveLength(1);
  });

  it('keeps no more than its bound of a thousand alarms at once for a dead sink, the newest, and counts the rest', async () => {
    const { sink, ids } = sinkOf((turn) => (turn === 1 ? down() : undefined));
    const { sender, clock, events } = setup([sink]);
    for (let number = 0; number < 1_000; number += 1) sender.send(alarm(number));
    expect(sender.dropped().bySink).toEqual({ pager: 900 });
    await clock.advance(1_000);
    // The first one was the oldest that was left when the sink was tried.
    expect(ids().slice(1).sort()).toEqual(Array.from({ length: 100 }, (_, at) => `alarm-${900 + at}`).sort());
    expect(events).toEqual([{ type: 'alarm.sink-failed', sink: 'pager', error: 'queue-full', dropped: 1 }]);
  });

  it('replaces the state of an alarm that waits by a newer one', async () => {
    const { sink, sent } = sinkOf((turn) => (turn === 1 ? down() : undefined));
    const { sender, clock } = setup([sink]);
    sender.send(alarm(1, { count: 1 }));
    await clock.advance(0);
    for (let count = 2; count <= 40; count += 1) sender.send(alarm(1, { count }));
    await clock.advance(1_000);
    expect(sent.map(({ count }) => count)).toEqual([1, 40]);
  });

  it('sends the running count of an alarm once a minute, and a higher level at once', async () => {
    const { sink, sent } = sinkOf();
    const { sender, clock } = setup([sink]);
    const told = (): unknown[] => sent.map(({ count, level }) => [count, level]);
    sender.send(alarm(1, { count: 1, level: 'elevated' }));
    await clock.advance(0);
    for (let count = 2; count <= 9; count += 1) {
      sender.send(alarm(1, { count, level: 'elevated' }));
      await clock.advance(1_000);
    }
    expect(told()).toEqual([[1, 'elevated']]);
    sender.send(alarm(1, { count: 10, level: 'attack' }));
    await clock.advance(0);
    expect(told()).toEqual([[1, 'elevated'], [10, 'attack']]);
    sender.send(alarm(1, { count: 11, level: 'attack' }));
    sender.send(alarm(2));
    await clock.advance(59_999);
    expect(sent.map(({ id }) => id)).toEqual(['alarm-1', 'alarm-1', 'alarm-2']);
    await clock.advance(1);
    expect(told().at(-1)).toEqual([11, 'attack']);
  });

  it('tries again with a pause that doubles from 1 s up to 5 min, and gives an alarm up after its last try', async () => {
    const { sink, sent } = sinkOf(down);
    const times: number[] = [];
    const clock = fakeClock();
    const { sender, events } = setup([{ name: 'pager', send: (one, signal) => { times.push(Math.round(clock.monotonicMs() / 1_000)); return sink.send(one, signal); } }], { clock, maxTries: 12 });
    sender.send(stuffing);
    await clock.advance(3_600_000);
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1_111]);
    expect(sent).toHaveLength(12);
    expect(sender.dropped().bySink).toEqual({ pager: 1 });
    // Once a minute at most; before the last try nothing is lost.
    expect(events.map((event) => 'dropped' in event && event.dropped)).toEqual([0, 0, 0, 0, 0, 0, 1]);
  });

  it('draws the pause from everything up to that (full jitter)', async () => {
    const { sink, sent } = sinkOf(down);
    const { sender, clock } = setup([sink], { random: (size) => Buffer.alloc(size, 0x40) });
    sender.send(stuffing);
    await clock.advance(250);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent).toHaveLength(2);
  });

  it('waits as long as the sink asks for, 15 minutes at most, and then its own pause', async () => {
    const asks = (retryAfterMs: number) => sinkOf(() => Promise.reject(Object.assign(new Error('later'), { retryAfterMs })));
    for (const [askedMs, waitedMs] of [[7_000, 8_000], [86_400_000, 901_000], [-5, 1_000], [NaN, 1_000]] as const) {
      const { sink, sent } = asks(askedMs);
      const { sender, clock } = setup([sink]);
      sender.send(stuffing);
      await clock.advance(waitedMs - 2);
      expect(sent).toHaveLength(1);
      await clock.advance(2);
      expect(sent).toHaveLength(2);
    }
  });

  it('gives an alarm up that the sink refuses, and goes on with the next one', async () => {
    const { sink, ids } = sinkOf((turn) => (turn === 1 ? Promise.reject(Object.assign(new TypeError('no'), { retry: 'give-up' })) : undefined));
    const { sender, clock, events } = setup([sink]);
    sender.send(alarm(1));
    sender.send(alarm(2));
    await clock.advance(0);
    expect(ids()).toEqual(['alarm-1', 'alarm-2']);
    expect(events).toEqual([{ type: 'alarm.sink-failed', sink: 'pager', error: 'TypeError', dropped: 1 }]);
  });

  it('sends nothing more to a sink that wants to stop, and counts what it loses', async () => {
    const { sink, ids } = sinkOf(() => Promise.reject(Object.assign(new Error('gone'), { retry: 'stop' })));
    const { sender, clock, events } = setup([sink]);
    for (let number = 0; number < 5; number += 1) sender.send(alarm(number));
    await clock.advance(3_600_000);
    sender.send(alarm(9));
    await clock.advance(3_600_000);
    expect(ids()).toEqual(['alarm-0']);
    expect(sender.dropped().bySink).toEqual({ pager: 6 });
    expect(events.map((event) => 'dropped' in event && event.dropped)).toEqual([5, 6]);
  });

  it('lets an alarm that a sink can never take stand before no other', async () => {
    const seen: string[] = [];
    const sink: AlarmSink = {
      name: 'picky',
      send(one) {
        seen.push(one.id);
        if (one.id === 'alarm-0') throw new Error('never that one');
      },
    };
    const { sender, clock } = setup([sink]);
    for (let number = 0; number < 5; number += 1) {
      sender.send(alarm(number));
      sender.send(alarm(0, { count: number }));
    }
    await clock.advance(1_000);
    expect(seen.slice(0, 5).sort()).toEqual(['alarm-0', 'alarm-1', 'alarm-2', 'alarm-3', 'alarm-4']);
  });

  it('gives up what takes longer than the deadline, tells the sink so by its signal, and tries again', async () => {
    const reasons: unknown[] = [];
    const { sink, sent } = sinkOf((_, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reasons.push(signal.reason); reject(new Error('aborted')); }); }));
    const { sender, clock, events } = setup([sink]);
    sender.send(stuffing);
    await clock.advance(9_999);
    expect([sent.length, reasons.length]).toEqual([1, 0]);
    await clock.advance(1);
    expect(reasons).toEqual([new Error('late')]);
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
    expect(events).toEqual([{ type: 'alarm.sink-failed', sink: 'pager', error: 'late', dropped: 0 }]);
  });

  it('begins no fifth send while four that were given up still hang, and goes on when one ends', async () => {
    const ends: (() => void)[] = [];
    const { sink, sent } = sinkOf(() => new Promise((resolve) => ends.push(resolve)));
    const { sender, clock } = setup([sink]);
    for (let number = 0; number < 20; number += 1) sender.send(alarm(number));
    await clock.advance(600_000);
    expect(sent).toHaveLength(4);
    ends[0]?.();
    await clock.advance(0);
    expect(sent).toHaveLength(5);
  });

  it('gives a sink that lost everything it began another chance after a quarter of an hour', async () => {
    let hangs = true;
    const { sink, sent } = sinkOf(() => (hangs ? new Promise(() => undefined) : undefined));
    const { sender, clock } = setup([sink]);
    for (let number = 0; number < 6; number += 1) sender.send(alarm(number));
    await clock.advance(600_000);
    expect(sent).toHaveLength(4);
    hangs = false;
    await clock.advance(600_000);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(6);
    expect(sender.dropped().bySink).toEqual({ pager: 0 });
  });

  it('drops noise before an attack, and an attack before one in which somebody came in', async () => {
    const { sink, ids } = sinkOf((turn) => (turn === 1 ? down() : undefined));
    const { sender, clock } = setup([sink], { maxWaiting: 3 });
    const noise = { level: 'elevated', entered: [], enteredTotal: 0 } as const;
    sender.send(alarm(1));
    sender.send(alarm(2, { entered: [], enteredTotal: 0 }));
    for (let number = 10; number < 100; number += 1) sender.send(alarm(number, noise));
    await clock.advance(60_000);
    expect(new Set(ids())).toEqual(new Set(['alarm-1', 'alarm-2', 'alarm-99']));
  });

  it.each([undefined, null, 0, 'attack', [], {}, { ...stuffing, kind: 'toString' }, { ...stuffing, kind: '__proto__' }, { ...stuffing, level: 'calm' }, { ...stuffing, count: NaN },
    { ...stuffing, id: '' }, { ...stuffing, sinceMs: Infinity }, { ...stuffing, lastMs: 9e15 }, Object.defineProperty({}, 'id', { get() { throw new Error('trap'); } })])('counts what is no alarm, and does not throw: %#', async (given) => {
    const { sink, sent } = sinkOf();
    const { sender, clock } = setup([sink]);
    sender.send(given as Alarm);
    await clock.advance(0);
    expect(sent).toEqual([]);
    expect(sender.dropped()).toEqual({ refused: 1, bySink: { pager: 0 } });
  });

  it('bounds everything that an alarm holds, and leaves out what is no text', async () => {
    const { sink, sent } = sinkOf();
    const { sender, clock } = setup([sink]);
    const huge = 'x'.repeat(10_000_000);
    const entered = Array.from({ length: 5_000 }, (_, at) => ({ accountId: `${at}`, atMs: at, source: huge }));
    const given = {
      ...stuffing, id: huge, cause: huge, summary: `one\r\nBcc: all@example.com\u202e${huge}`, sources: Array.from({ length: 500 }, () => huge), entered: [null, { accountId: 5 }, ...entered],
      accounts: { total: -1, ids: [1, null, '', ...Array.from({ length: 500 }, () => huge)] }, evidence: { 'odd name': 1, '203.0.113.7': 1, 'ann@example.com': 1, ['__proto__']: 1, ...Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`f${at}`, huge])), f2: Infinity, f3: {} },
    };
    sender.send(given as unknown as Alarm);
    await clock.advance(0);
    const [told] = sent;
    expect(JSON.stringify(told).length).toBeLessThan(400_000);
    expect([told?.sources.length, told?.entered.length, told?.accounts.total, told?.accounts.ids.length]).toEqual([20, 998, 97, 97]);
    expect(told?.summary).toMatch(/^oneBcc: all@example\.comx+$/);
    expect(Object.keys(told?.evidence ?? {}).filter((name) => !/^f\d+$/.test(name))).toEqual([]);
    expect([told?.evidence['f2'], told?.evidence['f3']]).toEqual([undefined, undefined]);
  });

  it.each([
    ['undefined', undefined],
    ['a text', 'down'],
    ['an error whose fields throw', Object.defineProperties(new Error('down'), { name: { get() { throw new Error('trap'); } }, retry: { get() { throw new Error('trap'); } } })],
    ['an error that asks for nonsense', Object.assign(new Error('down'), { retry: 'twice', retryAfterMs: 'soon' })],
  ])('tries again where a sink rejects with %s', async (_, error) => {
    const { sink, sent } = sinkOf(vi.fn(async () => undefined).mockRejectedValueOnce(error));
    const { sender, clock } = setup([sink], { random: () => Buffer.alloc(0) });
    sender.send(stuffing);
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
    expect(sender.dropped().bySink).toEqual({ pager: 0 });
  });

  it.each([
    ['the answer of a fetch', { ok: false, status: 500 }],
    ['a number', 5],
    ['what looks like a promise and throws', Object.defineProperty({}, 'then', { get() { throw new Error('trap'); } })],
  ])('goes on whatever a sink answers: %s', async (_, answer) => {
    const { sink, ids } = sinkOf(() => answer as unknown as Promise<void>);
    const { sender, clock } = setup([sink]);
    sender.send(alarm(1));
    sender.send(alarm(2));
    await clock.advance(1_000);
    expect(ids()).toEqual(expect.arrayContaining(['alarm-1', 'alarm-2']));
  });

  it('lets requests have their turn while alarms come as fast as they are sent', async () => {
    const clock = fakeClock();
    let sent = 0;
    const { sender } = setup([{ name: 'loop', send: () => { sent += 1; if (sent < 1_000) sender.send(alarm(sent)); } }], { clock });
    sender.send(alarm(0));
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBe(64);
    await clock.advance(0);
    expect(sent).toBe(1_000);
  });

  it('survives whoever listens to its events', async () => {
    const { sink } = sinkOf(down);
    const { sender, clock } = setup([sink], { emit: () => { throw new Error('listener'); } });
    sender.send(stuffing);
    await clock.advance(1_000);
    expect(sender.dropped().bySink).toEqual({ pager: 0 });
  });
});

describe('closing the alarm sender', () => {
  it('sends what waits, also what was not due yet, and answers that nothing is left', async () => {
    const { sink, sent } = sinkOf();
    const { sender, clock } = setup([sink]);
    sender.send(alarm(1, { count: 1 }));
    await clock.advance(0);
    sender.send(alarm(1, { count: 2 }));
    await clock.advance(0);
    expect(await sender.close(5_000)).toBe(0);
    expect(sent.map(({ count }) => count)).toEqual([1, 2]);
  });

  it('does not wait for the pause after a failure', async () => {
    const { sink, sent } = sinkOf((turn) => (turn < 3 ? down() : undefined));
    const { sender, clock } = setup([sink]);
    sender.send(stuffing);
    await clock.advance(1_500);
    expect(sent).toHaveLength(2);
    expect(await sender.close(5_000)).toBe(0);
    expect(sent).toHaveLength(3);
  });

  it('ends at its deadline, answers what is left, and aborts what is under way', async () => {
    const aborted: unknown[] = [];
    const dead = sinkOf((_, signal) => new Promise<void>(() => { signal.addEventListener('abort', () => aborted.push(signal.reason)); }), 'dead');
    const well = sinkOf(undefined, 'well');
    const { sender, clock } = setup([dead.sink, well.sink]);
    for (let number = 0; number < 3; number += 1) sender.send(alarm(number));
    const closed = sender.close(2_000);
    await clock.advance(2_000);
    expect(await closed).toBe(3);
    expect(aborted).toEqual([new Error('closed')]);
    expect(sender.dropped().bySink).toEqual({ dead: 3, well: 0 });
  });

  it('takes nothing afterwards, and may be asked for twice', async () => {
    const { sink, sent } = sinkOf();
    const { sender, clock } = setup([sink]);
    expect(await Promise.all([sender.close(1_000), sender.close(1_000)])).toEqual([0, 0]);
    sender.send(stuffing);
    await clock.advance(3_600_000);
    expect(sent).toEqual([]);
    expect(sender.dropped().bySink).toEqual({ pager: 1 });
  });

  it('leaves no timer that keeps a process alive', async () => {
    const clock = fakeClock();
    const idle: (boolean | undefined)[] = [];
    const watched = { ...clock, after: (ms: number, run: () => void, isIdle?: boolean) => { idle.push(isIdle); return clock.after(ms, run, isIdle); } };
    const { sender } = setup([sinkOf(down).sink, sinkOf(() => new Promise<void>(() => undefined), 'hangs').sink], { clock: watched });
    sender.send(stuffing);
    await clock.advance(60_000);
    expect(idle.length).toBeGreaterThan(5);
    expect(idle.every((isIdle) => isIdle === true)).toBe(true);
  });
});

describe('the options of the alarm sender', () => {
  const sinks = [sinkOf().sink];
  it.each([
    [{}, 'alarmSender.sinks: expected an array of at least one sink, got nothing'],
    [{ sinks: [] }, 'alarmSender.sinks: expected an array of at least one sink, got an array of 0'],
    [{ sinks: [() => undefined] }, 'alarmSender.sinks[0]: expected an object with send(), got a value of type function'],
    [{ sinks: [{ name: 'a b', send: () => undefined }] }, 'alarmSender.sinks[0].name: expected 1 to 64 letters, digits, ".", "_" or "-"'],
    [{ sinks: [...sinks, ...sinks] }, "alarmSender.sinks: expected every sink's name once, got one twice"],
    [{ sinks, maxWaiting: 0 }, 'alarmSender.maxWaiting: expected a whole number from 1 to 10000, got 0'],
    [{ sinks, maxTrys: 1 }, 'alarmSender.maxTrys: unknown option, did you mean "maxTries"?'],
  ])('are refused where they are wrong: %#', (options, message) => {
    expect(() => createAlarmSender(options as unknown as AlarmSenderOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
  });

  it('have defaults that can be read', () => {
    expect(alarmSenderDefaults).toEqual({ maxWaiting: 100, deadlineMs: 10_000, maxTries: 10, updateEveryMs: 60_000 });
  });
});
