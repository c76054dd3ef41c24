import { ConfigError } from '../kernel/errors.ts';
import { optional, port, readOptions, text } from '../kernel/options.ts';
import type { AuditLevel } from './catalogue.ts';
import type { AuditEntry } from './entry.ts';
import { measurementsOf, metricLines, type MetricLine } from './metrics.ts';
import type { AuditSink } from './sinks.ts';

type AttributeValue = string | number | boolean | string[];

/** What is needed of `metrics` of `@opentelemetry/api`. */
export interface OpenTelemetryMetrics {
  getMeter(name: string): {
    createCounter(name: string, options: { description: string; unit: string }): { add(value: number, attributes: Record<string, string>): void };
    /** Of version 1.9 and later. Without it there are no gauges. */
    createGauge?(name: string, options: { description: string; unit: string }): { record(value: number, attributes: Record<string, string>): void };
  };
}

/** What is needed of `logs` of `@opentelemetry/api-logs`. */
export interface OpenTelemetryLogs {
  getLogger(name: string): {
    emit(record: { eventName: string; timestamp: number; severityNumber: number; severityText: string; body: string; attributes: Record<string, AttributeValue> }): void;
  };
}

/** At least one of the two, handed in by the app: nothing is imported. */
export interface OpenTelemetrySinkOptions {
  readonly metrics?: OpenTelemetryMetrics;
  readonly logs?: OpenTelemetryLogs;
  /** Names the sink in `audit.sink-failed`. Default `open-telemetry`. */
  readonly name?: string;
}

/** The defaults of {@link openTelemetrySink}. */
export const openTelemetrySinkDefaults = Object.freeze({ name: 'open-telemetry' });

const scope = 'portcullis';

/** INFO, WARN and ERROR of the OpenTelemetry log data model. */
const severities: Readonly<Record<AuditLevel, number>> = { info: 9, warn: 13, critical: 17 };

/**
 * A sink for OpenTelemetry. Metrics: those of `prometheusSink`, as `portcullis.events`, `portcullis.sign_in.attempts` and so
 * on, of which there are some hundreds of series; no account, name or address is ever an attribute. Logs: one record per
 * entry, with all its fields. Throws ERR_CONFIG for neither of the two.
 */
export function openTelemetrySink(options: OpenTelemetrySinkOptions): AuditSink {
  const { metrics, logs, name } = readOptions('openTelemetrySink', options, {
    metrics: optional(port<OpenTelemetryMetrics>(['getMeter'])),
    logs: optional(port<OpenTelemetryLogs>(['getLogger'])),
    name: text(openTelemetrySinkDefaults.name),
  });
  if (metrics === undefined && logs === undefined) throw new ConfigError('openTelemetrySink: expected metrics, logs or both');
  const measure = metrics === undefined ? undefined : createMeasure(metrics);
  const logger = logs?.getLogger(scope);
  return Object.freeze({
    name,
    write(entry) {
      measure?.(entry);
      logger?.emit({
        eventName: `portcullis.${entry.event}`,
        timestamp: Date.parse(entry.time),
        severityNumber: severities[entry.level],
        severityText: entry.level,
        body: entry.event,
        attributes: attributesOf(entry),
      });
    },
  } satisfies AuditSink);
}

function createMeasure(metrics: OpenTelemetryMetrics): (entry: AuditEntry) => void {
  const meter = metrics.getMeter(scope);
  const write = new Map(Object.entries(metricLines).map(([metric, line]) => [metric, writeOf(meter, line)]));
  return (entry) => {
    for (const { metric, labels, value } of measurementsOf(entry)) write.get(metric)?.({ ...labels }, value);
  };
}

function writeOf(meter: ReturnType<OpenTelemetryMetrics['getMeter']>, { name, kind, description, unit }: MetricLine): ((labels: Record<string, string>, value: number) => void) | undefined {
  if (kind === 'gauge') {
    const gauge = meter.createGauge?.(name, { description, unit });
    return gauge && ((labels, value) => { gauge.record(value, labels); });
  }
  const counter = meter.createCounter(name, { description, unit });
  return (labels, value) => { counter.add(value, labels); };
}

function attributesOf({ details, time: _time, level: _level, ...fields }: AuditEntry): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [field, value] of Object.entries(fields)) attributes[`${scope}.${field}`] = typeof value === 'string' ? value : [...value];
  for (const [field, value] of Object.entries(details)) attributes[`${scope}.details.${field}`] = typeof value === 'object' ? [...value] : value;
  return attributes;
}
