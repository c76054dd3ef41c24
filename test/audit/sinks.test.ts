import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { SecurityEvent } from 'portcullis';
import { jsonLinesSink, type AuditEntry } from 'portcullis/audit';
import { describe, expect, it } from 'vitest';
import { examples, setup } from './support.ts';

const event: SecurityEvent = { type: 'sign-out.succeeded' };
const minuteMs = 60_000;

/** A sink that does what it is told at the moment. */
function sink(name = 'sick') {
  const taken: AuditEntry[] = [];
  const state = { tries: 0, behave: (): void | Promise<void> => undefined };
  return {
    taken,
    state,
    name,
    write(entry: AuditEntry): void | Promise<void> {
      state.tries += 1;
      const answer = state.behave();
      taken.push(entry);
      return answer;
    },
  };
}

const throwing = (): never => {
  throw Object.assign(new Error('no space for kestrel@example.org'), { code: 'ENOSPC' });
};
const rejecting = (): Promise<void> => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
const hanging = (): Promise<void> => new Promise<void>(() => undefined);

describe('reporting an event', () => {
  // ASVS 16.5.2
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an unknown type', { type: 'nope' }],
    ['a type from the prototype', { type: '__proto__' }],
    ['another one', { type: 'constructor' }],
    ['a type that is no text', { type: ['sign-out.succeeded'] }],
    ['a getter that throws', { get type(): string { throw new Error('gotcha'); } }],
    ['a hostile proxy', new Proxy({}, { get: () => { throw new Error('gotcha'); } })],
    ['a revoked proxy', (() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()],
  ])('never throws, and counts what is no event: %s', async (_what, given) => {
    const { log, entries } = setup();
    expect(() => { log.emit(given as SecurityEvent); }).not.toThrow();
    await log.drain(1_000);
    expect(entries).toEqual([]);
    expect(log.dropped()).toEqual({ refused: 1, bySink: { 'sink-1': 0 } });
  });

  it('hands the entry over only after the code that reported it went on', async () => {
    const { log, entries } = setup();
    log.emit(event);
    expect(entries).toEqual([]);
    await log.drain(1_000);
    expect(entries).toHaveLength(1);
  });

  it('reaches every sink, in order', async () => {
    const first = sink('first');
    const second = sink('second');
    first.state.behave = async () => undefined;
    const { log } = setup({ sinks: [first, second] });
    for (let times = 0; times < 20; times += 1) log.emit(event);
    expect(await log.drain(1_000)).toBe(0);
    for (const { taken } of [first, second]) expect(taken.map(({ id }) => Number(id.slice(13)))).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('lets the event loop have its turn while many entries are written', async () => {
    const { log, entries, clock } = setup();
    for (let times = 0; times < 200; times += 1) log.emit(event);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(entries).toHaveLength(64);
    await clock.advance(10);
    expect(entries).toHaveLength(200);
  });

  it('does not go round in circles when a sink reports events itself', async () => {
    const taken: AuditEntry[] = [];
    const { log } = setup({
      sinks: [
        (entry: AuditEntry) => {
          taken.push(entry);
          log.emit(event);
        },
      ],
    });
    log.emit(event);
    expect(await log.drain(1_000)).toBe(0);
    expect(taken).toHaveLength(1);
    expect(log.dropped().refused).toBe(1);
  });
});

// ASVS 16.4.3, 16.5.2, 16.3.4
describe('a sink that does not take entries', () => {
  it.each([
    ['throws', throwing, 'Error ENOSPC'],
    ['rejects', rejecting, 'Error ECONNREFUSED'],
  ])('gets the entry again when it %s, and nothing is lost', async (_what, behave, error) => {
    const sick = sink();
    const { log, clock, entries } = setup({}, [sick]);
    sick.state.behave = behave;
    log.emit(event);
    await clock.advance(0);
    expect(sick.state.tries).toBe(1);
    expect(entries.map((entry) => entry.event)).toEqual(['sign-out.succeeded', 'audit.sink-failed']);
    expect(entries[1]).toMatchObject({ level: 'critical', details: { sink: 'sick', error, dropped: 0 } });
    sick.state.behave = () => undefined;
    sick.taken.length = 0;
    await clock.advance(1_000);
    expect(sick.taken.map((entry) => entry.event)).toEqual(['sign-out.succeeded']);
    expect(log.dropped().bySink).toEqual({ sick: 0, 'sink-2': 0 });
  });

  it('loses an entry after three tries, counted, and goes on with the next one', async () => {
    const sick = sink();
    sick.state.behave = throwing;
    const { log, clock } = setup({ sinks: [sick] });
    log.emit(event);
    log.emit(examples['sign-in.failed']);
    await clock.advance(6_000);
    expect(log.dropped().bySink).toEqual({ sick: 1 });
    expect(sick.state.tries).toBe(4);
    await clock.advance(6_000);
    expect(log.dropped().bySink).toEqual({ sick: 2 });
    expect(sick.state.tries).toBe(6);
  });

  it('holds up no other sink and no answer when it hangs', async () => {
    const sick = sink();
    sick.state.behave = hanging;
    const { log, clock, entries } = setup({}, [sick]);
    log.emit(event);
    log.emit(event);
    await clock.advance(0);
    expect(entries).toHaveLength(2);
    expect(sick.state.tries).toBe(1);
    await clock.advance(5_000);
    expect(sick.state.tries).toBe(2);
    expect(log.dropped().bySink).toEqual({ sick: 1, 'sink-2': 0 });
    expect(entries.at(-1)).toMatchObject({ event: 'audit.sink-failed', details: { sink: 'sick', error: 'late', dropped: 1 } });
  });

  it('has at most four writes hanging, and starts again once one of them ends', async () => {
    const sick = sink();
    let end: (() => void) | undefined;
    sick.state.behave = () => new Promise<void>((resolve) => { end ??= resolve; });
    const { log, clock } = setup({ sinks: [sick] });
    for (let times = 0; times < 50; times += 1) log.emit(event);
    await clock.advance(10 * minuteMs);
    expect(sick.state.tries).toBe(4);
    sick.state.behave = () => undefined;
    end?.();
    await clock.advance(0);
    expect(sick.state.tries).toBe(50);
    expect(log.dropped().bySink).toEqual({ sick: 4 });
  });

  it('costs no more memory than its buffer: the rest is dropped and counted', async () => {
    const sick = sink();
    sick.state.behave = hanging;
    const { log, clock, entries } = setup({ maxWaiting: 10 }, [sick]);
    for (let times = 0; times < 1_000; times += 1) {
      log.emit(event);
      if (times % 5 === 4) await new Promise<void>((resolve) => setImmediate(resolve));
      if (times % 50 === 49) await clock.advance(1);
    }
    expect(log.dropped().bySink).toEqual({ sick: 1_000 - 11, 'sink-2': 0 });
    const told = entries.filter((entry) => entry.event === 'audit.sink-failed');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ details: { sink: 'sick', error: 'buffer-full', dropped: 1 } });
  });

  it('is told of once a minute, not at every failure', async () => {
    const sick = sink();
    sick.state.behave = throwing;
    const { log, clock, entries } = setup({}, [sick]);
    for (let second = 0; second < 150; second += 1) {
      log.emit(event);
      await clock.advance(1_000);
    }
    expect(entries.filter((entry) => entry.event === 'audit.sink-failed').map((entry) => entry.time.slice(11, 19))).toEqual(['00:00:00', '00:01:00', '00:02:00']);
  });

  it('does not set off a chain when all of them fail', async () => {
    const sinks = [sink('a'), sink('b'), sink('c')];
    for (const { state } of sinks) state.behave = throwing;
    const { log, clock } = setup({ sinks });
    log.emit(event);
    await clock.advance(5 * minuteMs);
    expect(sinks.map(({ taken }) => taken.length)).toEqual([0, 0, 0]);
    // Each told the two others at most once a minute: 5 or 6 entries for the whole time, three tries each.
    for (const { state } of sinks) expect(state.tries).toBeLessThanOrEqual(3 * (1 + 2 * 6));
    expect(await log.drain(minuteMs)).toBe(0);
  });

  it('is named in a warning of the process where no other sink is left', async () => {
    const sick = sink();
    sick.state.behave = throwing;
    const { log, clock, warnings } = setup({ sinks: [sick] });
    log.emit(event);
    await clock.advance(minuteMs);
    expect(warnings).toEqual(['portcullis: the audit sink "sick" fails (Error ENOSPC); entries lost so far: 0']);
  });

  it('reaches nobody with a warning that throws', async () => {
    const sick = sink();
    sick.state.behave = throwing;
    const { log, clock } = setup({ sinks: [sick], warn: throwing });
    log.emit(event);
    await clock.advance(6_000);
    expect(log.dropped().bySink).toEqual({ sick: 1 });
  });
});

describe('shutting down', () => {
  it('waits until everything is written', async () => {
    const slow = sink('slow');
    const { log, clock } = setup({ sinks: [slow] });
    slow.state.behave = () => new Promise<void>((resolve) => void clock.after(100, resolve));
    for (let times = 0; times < 5; times += 1) log.emit(event);
    const left = log.drain(2_000);
    await clock.advance(500);
    expect(await left).toBe(0);
    expect(slow.taken).toHaveLength(5);
  });

  it('does not wait for a sink that hangs, and says how much is left', async () => {
    const sick = sink();
    sick.state.behave = hanging;
    const { log, clock } = setup({ sinks: [sick] });
    for (let times = 0; times < 5; times += 1) log.emit(event);
    const left = log.drain(2_000);
    await clock.advance(2_000);
    expect(await left).toBe(5);
  });

  it('ends at once when nothing waits', async () => {
    expect(await setup().log.drain(1_000)).toBe(0);
  });
});

describe('the JSON lines sink on a real stream', () => {
  it('writes a file that can be read line by line', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'audit-')), 'audit.jsonl');
    const stream = createWriteStream(file);
    const { log, clock } = setup({ sinks: [jsonLinesSink(stream)] });
    for (const each of Object.values(examples)) log.emit(each);
    const undone = log.drain(60_000).finally(() => stream.end());
    // After every 64 entries the log lets the event loop have its turn, by the clock.
    while (!stream.writableEnded) {
      await clock.advance(1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(await undone).toBe(0);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as AuditEntry).event)).toEqual(Object.keys(examples));
  });

  it('waits for a slow stream instead of filling its memory', async () => {
    const held: (() => void)[] = [];
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void held.push(done) });
    const { log } = setup({ sinks: [jsonLinesSink(stream)], maxWaiting: 3 });
    for (let times = 0; times < 3; times += 1) log.emit(event);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(held).toHaveLength(1);
    expect(stream.writableLength).toBeLessThan(1_000);
    expect(log.dropped().bySink).toEqual({ 'json-lines': 0 });
  });

  it('does not end the process when the disk is full or the stream is closed', async () => {
    const full = new Writable({ write: (_chunk, _encoding, done) => { done(Object.assign(new Error('disk'), { code: 'ENOSPC' })); } });
    const closed = new Writable({ write: (_chunk, _encoding, done) => { done(); } });
    closed.destroy();
    const { log, clock, entries } = setup({}, [jsonLinesSink(full, 'full'), jsonLinesSink(closed, 'closed')]);
    log.emit(event);
    // Each also loses the entry that tells of the other one.
    await clock.advance(12_000);
    expect(log.dropped().bySink).toEqual({ full: 2, closed: 2, 'sink-3': 0 });
    expect(entries.filter((entry) => entry.event === 'audit.sink-failed').map((entry) => entry.details['error'])).toEqual(['Error ENOSPC', 'Error ERR_STREAM_DESTROYED']);
  });
});
