import { ConfigError } from '../kernel/errors.ts';
import { callback, optional, readOptions, text, wrong, type OptionReader } from '../kernel/options.ts';
import { measurementsOf, metricLines, seriesOf, type MetricLine, type MetricName } from './metrics.ts';
import type { AuditSink } from './sinks.ts';

type Labels = Record<string, string>;

/** What is needed of a `Registry` of prom-client. */
export interface PrometheusRegister {
  getSingleMetric(name: string): unknown;
}

interface PrometheusMetricOptions<R> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: R[];
}

/** What is needed of prom-client, 15 or later. */
export interface PrometheusClient<R extends PrometheusRegister = PrometheusRegister> {
  readonly Counter: new (options: PrometheusMetricOptions<R>) => { inc(labels: Labels, value: number): void };
  readonly Gauge: new (options: PrometheusMetricOptions<R> & { readonly collect?: () => void }) => { set(labels: Labels, value: number): void };
  readonly register: R;
}

export interface PrometheusSinkOptions<R extends PrometheusRegister = PrometheusRegister> {
  /** `prom-client`, which your app has. Nothing is imported. */
  readonly client: PrometheusClient<R>;
  /** Where the metrics are kept. Default: the client's own. */
  readonly register?: R;
  /** Asked at every scrape how many passwords are worked on and wait: `() => hasher.load()`. */
  readonly hasher?: () => { readonly running: number; readonly waiting: number };
  /** Names the sink in `audit.sink-failed`. Default `prometheus`. */
  readonly name?: string;
}

/** The defaults of {@link prometheusSink}. */
export const prometheusSinkDefaults = Object.freeze({ name: 'prometheus' });

const queueName = 'portcullis_hasher_queue';

/**
 * A sink that counts for Prometheus: attempts, failures, challenges and refusals, what each defense has noticed and stopped,
 * alarms, and where a store or the level of attack stands. Labels hold words of closed lists, so that nobody can make
 * series; no account, name or address is ever among them. Throws ERR_CONFIG, also where the register has these metrics.
 */
export function prometheusSink<R extends PrometheusRegister>(options: PrometheusSinkOptions<R>): AuditSink {
  const { client, register = client.register, hasher, name } = readOptions('prometheusSink', options, {
    client: clientOption as OptionReader<PrometheusClient<R>>,
    register: optional(registerOption as OptionReader<R>),
    hasher: optional(callback<NonNullable<PrometheusSinkOptions['hasher']>>()),
    name: text(prometheusSinkDefaults.name),
  });
  const write = createSeries(client, register);
  if (hasher !== undefined) measureQueue(client, register, hasher);
  return Object.freeze({
    name,
    write(entry) {
      for (const { metric, labels, value } of measurementsOf(entry)) write[metric]({ ...labels }, value);
    },
  } satisfies AuditSink);
}

type Write = (labels: Labels, value: number) => void;

function createSeries<R extends PrometheusRegister>(client: PrometheusClient<R>, register: R): Readonly<Record<MetricName, Write>> {
  const lines: readonly (readonly [string, MetricLine])[] = Object.entries(metricLines);
  const taken = [...lines.map(([, line]) => prometheusName(line)), queueName].filter((name) => register.getSingleMetric(name) !== undefined);
  if (taken.length > 0) throw new ConfigError(`prometheusSink.register: expected one without metrics of portcullis, got one with ${String(taken[0])}`);
  const made = lines.map(([metric, line]) => {
    const write = writeOf(client, register, line);
    for (const labels of seriesOf(line)) write(labels, 0);
    return [metric, write] as const;
  });
  const write = Object.fromEntries(made) as Record<MetricName, Write>;
  for (const level of metricLines.attackLevel.labels.level) write.attackLevel({ level }, level === 'calm' ? 1 : 0);
  return write;
}

function writeOf<R extends PrometheusRegister>(client: PrometheusClient<R>, register: R, line: MetricLine): Write {
  const options = { name: prometheusName(line), help: line.description, labelNames: Object.keys(line.labels), registers: [register] };
  if (line.kind === 'gauge') {
    const gauge = new client.Gauge(options);
    return (labels, value) => { gauge.set(labels, value); };
  }
  const counter = new client.Counter(options);
  return (labels, value) => { counter.inc(labels, value); };
}

/** `portcullis.sign_in.attempts` is `portcullis_sign_in_attempts_total` (Prometheus, "Metric and label naming"). */
function prometheusName({ name, kind }: MetricLine): string {
  return `${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`;
}

function measureQueue<R extends PrometheusRegister>(client: PrometheusClient<R>, register: R, hasher: NonNullable<PrometheusSinkOptions['hasher']>): void {
  const gauge = new client.Gauge({
    name: queueName,
    help: 'Passwords that are worked on, and that wait',
    labelNames: ['state'],
    registers: [register],
    collect() {
      try {
        const { running, waiting } = hasher();
        gauge.set({ state: 'running' }, running);
        gauge.set({ state: 'waiting' }, waiting);
      } catch {
        // One figure less must not cost the whole scrape.
      }
    },
  });
}

const clientOption: OptionReader<unknown> = (given, name) => {
  const { Counter, Gauge, register } = (given ?? {}) as Partial<Record<string, unknown>>;
  if (typeof Counter !== 'function' || typeof Gauge !== 'function') throw wrong(name, 'prom-client', given);
  registerOption(register, `${name}.register`);
  return given;
};

const registerOption: OptionReader<unknown> = (given, name) => {
  if (typeof (given as Partial<PrometheusRegister> | null | undefined)?.getSingleMetric !== 'function') throw wrong(name, 'a Registry of prom-client', given);
  return given;
};
