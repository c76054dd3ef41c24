import { ConfigError } from '../kernel/errors.ts';
import { optional, port, readOptions, text } from '../kernel/options.ts';
import type { AuditLevel } from './catalogue.ts';
import type { AuditEntry } from './entry.ts';
import type { AuditSink } from './sinks.ts';

type AttributeValue = string | number | boolean | string[];

/** What is needed of `metrics` of `@opentelemetry/api`. */
export interface OpenTelemetryMetrics {
  getMeter(name: string): {
    createCounter(name: string, options: { description: string; unit: string }): { add(value: number, attributes: Record<string, string>): void };
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
 * A sink for OpenTelemetry. Metrics: the counter `portcullis.events` by event, outcome and level, of which there are some
 * hundreds of combinations; no account, name or address is ever an attribute of it. Logs: one record per entry, with all its
 * fields. Throws ERR_CONFIG for neither of the two.
 */
export function openTelemetrySink(options: OpenTelemetrySinkOptions): AuditSink {
  const { metrics, logs, name } = readOptions('openTelemetrySink', options, {
    metrics: optional(port<OpenTelemetryMetrics>(['getMeter'])),
    logs: optional(port<OpenTelemetryLogs>(['getLogger'])),
    name: text(openTelemetrySinkDefaults.name),
  });
  if (metrics === undefined && logs === undefined) throw new ConfigError('openTelemetrySink: expected metrics, logs or both');
  const counter = metrics?.getMeter(scope).createCounter('portcullis.events', { description: 'Security events', unit: '{event}' });
  const logger = logs?.getLogger(scope);
  return Object.freeze({
    name,
    write(entry) {
      counter?.add(1, { event: entry.event, outcome: entry.outcome, level: entry.level });
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

function attributesOf({ details, time: _time, level: _level, ...fields }: AuditEntry): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [field, value] of Object.entries(fields)) attributes[`${scope}.${field}`] = typeof value === 'string' ? value : [...value];
  for (const [field, value] of Object.entries(details)) attributes[`${scope}.details.${field}`] = typeof value === 'object' ? [...value] : value;
  return attributes;
}
