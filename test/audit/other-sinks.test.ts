import type { EventType, SecurityEvent } from 'portcullis';
import { auditCatalogue, openTelemetrySink, openTelemetrySinkDefaults, pinoSink, tableSink, tableSinkDefaults, type AuditEntry, type AuditRow, type AuditSink, type OpenTelemetryLogs, type OpenTelemetryMetrics, type OpenTelemetrySinkOptions, type PinoLogger, type TableSinkOptions } from 'portcullis/audit';
import { fakeClock } from 'portcullis/testing';
import { describe, expect, it } from 'vitest';
import { facts, goodPassword, makeKit } from '../support/kit.ts';
import { examples, setup } from './support.ts';

const event: SecurityEvent = { type: 'sign-out.succeeded' };
const types = Object.keys(examples) as EventType[];

async function told(sink: AuditSink, events: readonly SecurityEvent[] = Object.values(examples)): Promise<readonly AuditEntry[]> {
  const { log, clock, entries } = setup({}, [sink]);
  for (const each of events) log.emit(each);
  await clock.advance(100);
  expect(log.dropped().bySink[sink.name]).toBe(0);
  return entries;
}

describe('the sink for a pino logger', () => {
  it('logs each entry under a name of its own, by its level', async () => {
    const logged: [string, object, string][] = [];
    const logger = Object.fromEntries(['info', 'warn', 'error'].map((level) => [level, (fields: object, message: string) => void logged.push([level, fields, message])])) as unknown as PinoLogger;
    const entries = await told(pinoSink(logger));
    const levels = { info: 'info', warn: 'warn', critical: 'error' } as const;
    expect(logged).toEqual(entries.map((entry) => [levels[entry.level], { audit: entry }, entry.event]));
  });

  it('calls the logger as its own, so that its settings apply', async () => {
    const logger = { lines: [] as string[], info(_fields: object, message: string) { this.lines.push(message); }, warn() { return; }, error() { return; } };
    await told(pinoSink(logger), [event]);
    expect(logger.lines).toEqual(['sign-out.succeeded']);
  });

  it.each([undefined, null, {}, { info: () => undefined, warn: () => undefined }])('refuses what is no logger: %#', (logger) => {
    expect(() => pinoSink(logger as unknown as PinoLogger)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }) as Error);
  });
});

describe('the sink for OpenTelemetry', () => {
  function telemetry() {
    const counted: { name: string; value: number; attributes: Record<string, string> }[] = [];
    const records: Parameters<ReturnType<OpenTelemetryLogs['getLogger']>['emit']>[0][] = [];
    const made: string[] = [];
    const metrics: OpenTelemetryMetrics = {
      getMeter: (scope) => ({
        createCounter(name) {
          made.push(`${scope} ${name}`);
          return { add: (value, attributes) => void counted.push({ name, value, attributes }) };
        },
      }),
    };
    const logs: OpenTelemetryLogs = { getLogger: (scope) => ({ emit: (record) => void records.push({ ...record, body: `${scope} ${record.body}` }) }) };
    return { counted, records, made, metrics, logs };
  }

  it('counts events by few values, and never by account, name or address', async () => {
    const { metrics, counted, made } = telemetry();
    const entries = await told(openTelemetrySink({ metrics }));
    expect(made.filter((name) => !/^portcullis portcullis\.[a-z_.]+$/.test(name))).toEqual([]);
    expect(counted.filter(({ name }) => name === 'portcullis.events')).toEqual(entries.map((entry) => ({ name: 'portcullis.events', value: 1, attributes: { event: entry.event, outcome: entry.outcome, level: entry.level } })));
    expect(new Set(counted.map((one) => JSON.stringify(one))).size).toBeLessThan(3 * types.length);
    expect(JSON.stringify(counted)).not.toMatch(/account-1|tag-of-a-name|203\.0\.113/);
  });

  it('has few combinations, whoever comes', async () => {
    const { metrics, counted } = telemetry();
    await told(openTelemetrySink({ metrics }), Array.from({ length: 60 }, (_, turn) => ({ ...examples['sign-in.failed'], accountId: `account-${turn}`, address: `203.0.113.${turn}` })));
    // The event, the attempt and its reason.
    expect(new Set(counted.map((one) => JSON.stringify(one))).size).toBe(3);
  });

  it('makes one log record of each entry, with its time, its severity and all its fields', async () => {
    const { logs, records } = telemetry();
    const entries = await told(openTelemetrySink({ logs }));
    const severities = { info: 9, warn: 13, critical: 17 } as const;
    for (const [at, record] of records.entries()) {
      const entry = entries[at] as AuditEntry;
      expect(record).toMatchObject({ eventName: `portcullis.${entry.event}`, timestamp: Date.parse(entry.time), severityNumber: severities[entry.level], severityText: entry.level, body: `portcullis ${entry.event}` });
      expect(record.attributes).toMatchObject({ 'portcullis.id': entry.id, 'portcullis.account': 'account-1', 'portcullis.address': entry.address, 'portcullis.outcome': entry.outcome });
      for (const field of Object.keys(auditCatalogue[entry.event].fields)) expect(record.attributes[`portcullis.details.${field}`]).toEqual(entry.details[field]);
    }
    expect(records).toHaveLength(types.length);
  });

  it.each([
    [{}, 'openTelemetrySink: expected metrics, logs or both'],
    [{ metrics: {} }, 'openTelemetrySink.metrics: expected an object with getMeter(), got a value of type object'],
    [{ logs: null }, 'openTelemetrySink.logs: expected an object with getLogger(), got null'],
    [{ api: {} }, 'openTelemetrySink.api: unknown option; known: metrics, logs, name'],
  ])('refuses options that are wrong: %#', (options, message) => {
    expect(() => openTelemetrySink(options as OpenTelemetrySinkOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
    expect(openTelemetrySinkDefaults).toEqual({ name: 'open-telemetry' });
  });
});

describe('the sink for a table', () => {
  it('inserts each entry as a row of texts', async () => {
    const rows: AuditRow[] = [];
    const entries = await told(tableSink({ insert: async (more) => void rows.push(...more) }));
    for (const [at, row] of rows.entries()) {
      const { factors, details, app, ...fields } = entries[at] as AuditEntry;
      expect(row).toEqual({ ...fields, app: app ?? null, factors: factors === undefined ? null : JSON.stringify(factors), details: JSON.stringify(details) });
    }
    expect(rows).toHaveLength(types.length);
    expect((await told(tableSink({ insert: async (more) => void rows.push(...more) }), [event])).length).toBe(1);
    expect(rows.at(-1)).toMatchObject({ account: null, nameTag: null, address: null, factors: null, details: '{}' });
  });

  it('inserts together what waits while an insert is under way', async () => {
    const sizes: number[] = [];
    const pending: (() => void)[] = [];
    const sink = tableSink({ insert: (rows) => new Promise<void>((resolve) => { sizes.push(rows.length); pending.push(resolve); }), maxBatch: 100 });
    const { log, clock } = setup({ sinks: [sink] });
    log.emit(event);
    await clock.advance(0);
    for (let turn = 0; turn < 250; turn += 1) log.emit(event);
    for (let turn = 0; turn < 5; turn += 1) {
      pending.shift()?.();
      await clock.advance(0);
    }
    expect(sizes).toEqual([1, 100, 100, 50]);
    expect(await log.drain(1_000)).toBe(0);
  });

  it('tries a batch again, then loses all of it, counted', async () => {
    const tried: string[][] = [];
    const sink = tableSink({ insert: async (rows) => { tried.push(rows.map(({ id }) => id)); throw new Error('down'); } });
    const { log, clock, entries } = setup({}, [sink]);
    for (let turn = 0; turn < 30; turn += 1) log.emit(event);
    await clock.advance(6_000);
    expect(tried.map(({ length }) => length)).toEqual([30, 30, 30]);
    expect(tried[1]).toEqual(tried[0]);
    expect(log.dropped().bySink).toMatchObject({ table: 30 });
    expect(entries.filter((entry) => entry.event === 'audit.sink-failed')).toHaveLength(1);
  });

  it('tells how much is left of a batch that hangs', async () => {
    const sink = tableSink({ insert: () => new Promise(() => undefined) });
    const { log, clock } = setup({ sinks: [sink] });
    for (let turn = 0; turn < 150; turn += 1) log.emit(event);
    const left = log.drain(2_000);
    await clock.advance(2_000);
    expect(await left).toBe(150);
  });

  it('deletes old rows through the function that the app gave', async () => {
    const asked: string[] = [];
    const clock = fakeClock(Date.UTC(2026, 0, 31));
    const sink = tableSink({ insert: async () => undefined, purge: async (beforeTime) => { asked.push(beforeTime); return 7; }, clock });
    expect(await sink.purge(30 * 86_400_000)).toBe(7);
    expect(asked).toEqual(['2026-01-01T00:00:00.000Z']);
    for (const age of [0, -1, 1.5, Number.NaN, Infinity, 1e15, '30' as unknown as number]) await expect(sink.purge(age)).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    await expect(tableSink({ insert: async () => undefined }).purge(1)).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    const lying = tableSink({ insert: async () => undefined, purge: async () => ({ rowCount: 7 }) as unknown as number });
    await expect(lying.purge(1)).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  it('refuses options that are wrong', () => {
    expect(() => tableSink({} as TableSinkOptions)).toThrow('tableSink.insert: expected a function, got nothing');
    expect(() => tableSink({ insert: async () => undefined, maxBatch: 0 })).toThrow('tableSink.maxBatch: expected a whole number from 1 to 10000, got 0');
    expect(tableSinkDefaults).toEqual({ name: 'table', maxBatch: 100 });
  });
});

// ASVS 5.0 16.4.3, 16.5.2
describe('a sink that never answers', () => {
  const hanging: AuditSink = { name: 'hanging', write: () => new Promise(() => undefined) };

  it('holds up no sign-in, of a thousand at once', async () => {
    const tookMs = await Promise.all([undefined, { sinks: [hanging], maxWaiting: 100, warn: () => undefined }].map(async (audit) => {
      const kit = makeKit(audit === undefined ? {} : { audit });
      await kit.plant({ email: 'ann@example.com', password: goodPassword });
      const attempt = (address: string) => kit.portcullis.signIn.attempt({ identifier: 'ann@example.com', password: goodPassword, facts: { ...facts, address } });
      const first = await kit.run(attempt('192.0.2.10'));
      const crowd = await kit.run(Promise.all(Array.from({ length: 1_000 }, (_, turn) => attempt(`10.0.${turn >> 8}.${turn & 255}`))));
      expect(first.value.outcome).toBe('signed-in');
      return [first.tookMs, crowd.tookMs];
    }));
    expect(tookMs[1]).toEqual(tookMs[0]);
  });

  it('is told of by a warning where every other sink is in trouble too', async () => {
    const throwing: AuditSink = { name: 'throwing', write() { throw new Error('down'); } };
    const warnings: string[] = [];
    const { log, clock } = setup({ sinks: [hanging, throwing], warn: (warning) => warnings.push(warning) });
    for (let turn = 0; turn < 18; turn += 1) {
      log.emit(event);
      await clock.advance(10_000);
    }
    expect(warnings.some((warning) => /"hanging" fails \(late\); entries lost so far: [1-9]/.test(warning))).toBe(true);
    expect(warnings.some((warning) => warning.includes('"throwing" fails'))).toBe(true);
  });
});
