import * as client from 'prom-client';
import type { EventType, SecurityEvent } from 'portcullis';
import { openTelemetrySink, prometheusSink, prometheusSinkDefaults, type OpenTelemetryMetrics, type PrometheusClient, type PrometheusSinkOptions } from 'portcullis/audit';
import { createHasher } from 'portcullis/hasher';
import { describe, expect, it } from 'vitest';
import { examples, setup } from './support.ts';

/** What is scraped after the events, by series. */
async function scraped(events: readonly SecurityEvent[], options: Partial<PrometheusSinkOptions<client.Registry>> = {}) {
  const register = new client.Registry();
  const { log, clock } = setup({}, [prometheusSink({ client, register, ...options })]);
  for (const each of events) log.emit(each);
  await clock.advance(100);
  expect(log.dropped()).toMatchObject({ refused: 0, bySink: { prometheus: 0 } });
  const text = await register.metrics();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { text, series, values: Object.fromEntries(series.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))])) };
}

const all: readonly SecurityEvent[] = Object.values(examples);

describe('the sink for Prometheus', () => {
  it('counts attempts to sign in by what became of them', async () => {
    const { values } = await scraped([
      examples['sign-in.succeeded'], examples['sign-in.succeeded'], examples['sign-in.pending'], examples['sign-in.failed'], { ...examples['sign-in.failed'], reason: 'unknown-account' },
      examples['limiter.refused'], { ...examples['limiter.refused'], enforced: false }, { ...examples['limiter.refused'], limiter: 'sign-up', rule: 'address' },
    ]);
    expect(values).toMatchObject({
      'portcullis_sign_in_attempts_total{outcome="succeeded"}': 2, 'portcullis_sign_in_attempts_total{outcome="pending"}': 1,
      'portcullis_sign_in_attempts_total{outcome="failed"}': 2, 'portcullis_sign_in_attempts_total{outcome="refused"}': 1,
      'portcullis_failures_total{flow="sign-in",reason="wrong-password"}': 1, 'portcullis_failures_total{flow="sign-in",reason="unknown-account"}': 1,
      'portcullis_challenges_total{challenge="second-factor",outcome="required"}': 1,
      'portcullis_refusals_total{guard="limiter",flow="sign-up",reason="address",outcome="denied"}': 1,
    });
  });

  // OWASP Credential Stuffing Prevention Cheat Sheet: the volume that each defense detects, and that it mitigates.
  it('counts what each defense has noticed, and what it has stopped', async () => {
    const { values } = await scraped([
      examples['limiter.refused'], { ...examples['limiter.refused'], enforced: false }, examples['breach.found'], examples['read-only.refused'], examples['hasher.busy'], examples['alarm.raised'],
    ]);
    expect(values).toMatchObject({
      'portcullis_defense_detected_total{defense="limiter"}': 2, 'portcullis_defense_mitigated_total{defense="limiter"}': 1,
      'portcullis_defense_detected_total{defense="breach"}': 1, 'portcullis_defense_mitigated_total{defense="breach"}': 1,
      'portcullis_defense_detected_total{defense="read-only"}': 12, 'portcullis_defense_mitigated_total{defense="read-only"}': 12,
      'portcullis_defense_detected_total{defense="monitor"}': 1, 'portcullis_defense_mitigated_total{defense="monitor"}': 0,
      'portcullis_refusals_total{guard="limiter",flow="sign-in",reason="other",outcome="observed"}': 1,
      'portcullis_refusals_total{guard="read-only",flow="other",reason="writes",outcome="denied"}': 12,
    });
  });

  it('says whether a store is away, and at which level of attack the process is', async () => {
    const level = (to: 'calm' | 'elevated' | 'attack'): SecurityEvent => ({ type: 'attack.level-changed', from: 'calm', to });
    const quiet = await scraped([]);
    expect(quiet.values).toMatchObject({ 'portcullis_store_degraded{store="counters"}': 0, 'portcullis_store_degraded{store="records"}': 0, 'portcullis_attack_level{level="calm"}': 1, 'portcullis_attack_level{level="attack"}': 0 });
    const bad = await scraped([examples['store.degraded'], level('elevated'), level('attack')]);
    expect(bad.values).toMatchObject({
      'portcullis_store_degraded{store="counters"}': 1, 'portcullis_store_degraded{store="records"}': 0,
      'portcullis_attack_level{level="calm"}': 0, 'portcullis_attack_level{level="elevated"}': 0, 'portcullis_attack_level{level="attack"}': 1,
    });
    const over = await scraped([examples['store.degraded'], level('attack'), examples['store.recovered'], level('calm')]);
    expect(over.values).toMatchObject({ 'portcullis_store_degraded{store="counters"}': 0, 'portcullis_attack_level{level="calm"}': 1, 'portcullis_attack_level{level="attack"}': 0 });
  });

  it('has series that can rise from nought before anything has happened', async () => {
    const { values } = await scraped([]);
    expect(values).toMatchObject({ 'portcullis_alarms_total{kind="stuffing"}': 0, 'portcullis_defense_detected_total{defense="limiter"}': 0, 'portcullis_sign_in_attempts_total{outcome="failed"}': 0 });
    expect(Object.keys(values).length).toBeLessThan(100);
  });

  it('counts every event of the catalogue, under names and labels that Prometheus takes', async () => {
    const { text, series, values } = await scraped(all);
    for (const type of Object.keys(examples) as EventType[]) expect(series.some((line) => line.startsWith(`portcullis_events_total{event="${type}",`))).toBe(true);
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
    expect(names.filter(({ name, type }) => !/^portcullis_[a-z_]+$/.test(name) || name.endsWith('_total') !== (type === 'counter'))).toEqual([]);
    expect([...text.matchAll(/^# HELP (\S+) .{10,}$/gm)]).toHaveLength(names.length);
    expect(Object.values(values).every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  });

  it('names no account, no name, no address and nothing that was typed', async () => {
    expect((await scraped(all)).text).not.toMatch(/account-1|tag-of-a-name|203\.0\.113|factor-1|admin-1|team-1/);
  });

  it('has no more series when somebody makes words up', async () => {
    const calm = await scraped(all);
    const made = Array.from({ length: 10 }, (_, at) => all.map((event) => Object.fromEntries(Object.entries(event).map(([field, value]) => [field, typeof value === 'string' && field !== 'type' ? `${value}-${at}` : value])) as unknown as SecurityEvent)).flat();
    const register = new client.Registry();
    const { log, clock } = setup({ maxWaiting: 1_000_000 }, [prometheusSink({ client, register })]);
    for (const each of made) log.emit(each);
    await clock.advance(5_000);
    const series = (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(log.dropped().bySink['prometheus']).toBe(0);
    expect(series.length).toBeLessThan(calm.series.length + 40);
    expect(series.join('\n')).not.toMatch(/-\d+"/);
  });

  it('asks the hasher for its queue at every scrape, and survives one that fails', async () => {
    const hasher = createHasher();
    const well = await scraped([], { hasher: () => hasher.load() });
    expect(well.values).toMatchObject({ 'portcullis_hasher_queue{state="running"}': 0, 'portcullis_hasher_queue{state="waiting"}': 0 });
    const broken = await scraped([examples['sign-in.failed']], { hasher: () => { throw new Error('gone'); } });
    expect(broken.values).toMatchObject({ 'portcullis_sign_in_attempts_total{outcome="failed"}': 1 });
  });

  it('measures what OpenTelemetry is told, by the same words', async () => {
    const told: Record<string, number> = {};
    const instrument = (name: string) => (value: number, labels: Record<string, string>): void => {
      const series = `${name}{${Object.entries(labels).map(([label, word]) => `${label}="${word}"`).join(',')}}`;
      told[series] = (told[series] ?? 0) + value;
    };
    const prometheus = (name: string): string => name.replaceAll('.', '_');
    const metrics: OpenTelemetryMetrics = {
      getMeter: () => ({ createCounter: (name) => ({ add: instrument(`${prometheus(name)}_total`) }), createGauge: (name) => ({ record: (value, labels) => { told[`${prometheus(name)}{${Object.entries(labels).map(([label, word]) => `${label}="${word}"`).join(',')}}`] = value; } }) }),
    };
    const { log, clock } = setup({}, [openTelemetrySink({ metrics })]);
    for (const each of all) log.emit(each);
    await clock.advance(100);
    const { values } = await scraped(all);
    expect(Object.fromEntries(Object.entries(told).filter(([, value]) => value !== 0))).toEqual(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0)));
  });

  it('uses the register of the client unless it is given one, and refuses one that has its metrics already', async () => {
    const own: PrometheusClient<client.Registry> = { Counter: client.Counter, Gauge: client.Gauge, register: new client.Registry() };
    const sink = prometheusSink({ client: own });
    expect(sink.name).toBe('prometheus');
    expect(await own.register.metrics()).toContain('portcullis_alarms_total');
    expect(() => prometheusSink({ client: own })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: 'prometheusSink.register: expected one without metrics of portcullis, got one with portcullis_events_total' }) as Error);
    expect(client.register.getSingleMetric('portcullis_events_total')).toBeUndefined();
  });

  it.each([
    [{}, 'prometheusSink.client: expected prom-client, got nothing'],
    [{ client: {} }, 'prometheusSink.client: expected prom-client, got a value of type object'],
    [{ client: { Counter: client.Counter, Gauge: client.Gauge } }, 'prometheusSink.client.register: expected a Registry of prom-client, got nothing'],
    [{ client, register: null }, 'prometheusSink.register: expected a Registry of prom-client, got null'],
    [{ client, hasher: {} }, 'prometheusSink.hasher: expected a function, got a value of type object'],
    [{ client, registry: client.register }, 'prometheusSink.registry: unknown option, did you mean "register"?'],
  ])('refuses options that are wrong: %#', (options, message) => {
    expect(() => prometheusSink(options as unknown as PrometheusSinkOptions)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }) as Error);
    expect(prometheusSinkDefaults).toEqual({ name: 'prometheus' });
  });
});
