import type { EventType } from '../ports/events.ts';
import type { AuditEntry, AuditValue } from './entry.ts';
import { auditCatalogue } from './catalogue.ts';
import { alarmWords, defenseWords, failureWords, flowWords, levelWords, refusalWords, type Defense } from './metric-words.ts';

/** One metric, by the names of OpenTelemetry. Its labels are closed: whoever comes, there are no more series than these. */
export interface MetricLine {
  readonly name: `portcullis.${string}`;
  readonly kind: 'counter' | 'gauge';
  readonly description: string;
  readonly unit: string;
  /** Each label with all its values. What is none of them becomes `other`, or is not counted where there is no `other`. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Whether every series is there from the start, at 0: few, and a first one must be seen as a rise. */
  readonly fromStart?: boolean;
}

const outcomes = Object.freeze(['success', 'failure', 'denied', 'error', 'observed']);

/** Every metric, once; the sinks for OpenTelemetry and Prometheus have it from here. */
export const metricLines = Object.freeze({
  events: {
    name: 'portcullis.events', kind: 'counter', description: 'Security events', unit: '{event}',
    labels: { event: Object.keys(auditCatalogue), outcome: outcomes, level: ['info', 'warn', 'critical'] },
  },
  signInAttempts: {
    name: 'portcullis.sign_in.attempts', kind: 'counter', description: 'Attempts to sign in, by what became of them; a pending one goes on with a second step', unit: '{attempt}', fromStart: true,
    labels: { outcome: ['succeeded', 'pending', 'failed', 'refused'] },
  },
  failures: {
    name: 'portcullis.failures', kind: 'counter', description: 'Failed attempts, by flow and reason', unit: '{attempt}',
    labels: { flow: [...flowWords, 'other'], reason: failureWords },
  },
  challenges: {
    name: 'portcullis.challenges', kind: 'counter', description: 'Further proofs of identity, by what became of them', unit: '{challenge}', fromStart: true,
    labels: { challenge: ['second-factor', 'mailed-link', 'step-up'], outcome: ['required', 'succeeded', 'failed', 'disowned'] },
  },
  refusals: {
    name: 'portcullis.refusals', kind: 'counter', description: 'Requests that a guard refused, or would have where it only observes', unit: '{request}',
    labels: { guard: ['limiter', 'login-guard', 'hasher', 'session', 'mfa', 'read-only', 'cross-site'], flow: [...flowWords, 'other'], reason: refusalWords, outcome: ['denied', 'observed'] },
  },
  detected: {
    name: 'portcullis.defense.detected', kind: 'counter', description: 'What a defense has noticed', unit: '{request}', fromStart: true,
    labels: { defense: defenseWords },
  },
  mitigated: {
    name: 'portcullis.defense.mitigated', kind: 'counter', description: 'What a defense has noticed and stopped', unit: '{request}', fromStart: true,
    labels: { defense: defenseWords },
  },
  alarms: {
    name: 'portcullis.alarms', kind: 'counter', description: 'Attacks that were noticed, by kind; one alarm of a cause and hour', unit: '{alarm}', fromStart: true,
    labels: { kind: alarmWords },
  },
  storeDegraded: {
    name: 'portcullis.store.degraded', kind: 'gauge', description: '1 while a store is away', unit: '1', fromStart: true,
    labels: { store: ['counters', 'records'] },
  },
  attackLevel: {
    name: 'portcullis.attack.level', kind: 'gauge', description: '1 at the level that holds, 0 at the others', unit: '1',
    labels: { level: levelWords },
  },
} satisfies Readonly<Record<string, MetricLine>>);

export type MetricName = keyof typeof metricLines;

/** One change of one series: a counter's rise, or a gauge's new value. */
export interface Measurement {
  readonly metric: MetricName;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

type Details = Readonly<Record<string, AuditValue>>;
type Measure = (entry: AuditEntry, details: Details) => readonly Measurement[];

/** What was noticed, by which defense, and whether that has stopped it. */
const defenses: { readonly [T in EventType]?: readonly [Defense, mitigates: boolean] } = {
  'limiter.refused': ['limiter', true],
  'login-guard.decided': ['login-guard', true],
  'login-guard.surge': ['login-guard', false],
  'hasher.busy': ['hasher-gate', true],
  'breach.found': ['breach', true],
  'password.rejected': ['password-policy', true],
  'password.closed-to-strangers': ['failure-cap', true],
  'factor.disabled': ['failure-cap', true],
  'second-factor.failed': ['second-factor', true],
  'factor.replayed': ['replay', true],
  'device.replayed': ['replay', true],
  'challenge.failed': ['challenge', true],
  'challenge.disowned': ['challenge', true],
  'step-up.required': ['step-up', true],
  'step-up.failed': ['step-up', true],
  'session.refused': ['session', true],
  'mfa.refused': ['mfa-policy', true],
  'read-only.refused': ['read-only', true],
  'request.cross-site': ['cross-site', true],
  'request.malformed': ['input', true],
  'alarm.raised': ['monitor', false],
};

const measures: { readonly [T in EventType]?: Measure } = {
  'sign-in.succeeded': () => [signIn('succeeded')],
  'sign-in.pending': (_, { needs }) => [signIn('pending'), challenge(needs, 'required')],
  'sign-in.failed': (_, { reason }) => [signIn('failed'), failure('sign-in', reason)],
  'sign-up.failed': (_, { reason }) => [failure('confirm-sign-up', reason)],
  'second-factor.succeeded': (_, { flow }) => (flow === 'second-factor' ? [challenge('second-factor', 'succeeded')] : []),
  'second-factor.failed': (_, { flow, reason }) => [failure(flow, reason), ...(flow === 'second-factor' ? [challenge('second-factor', 'failed')] : [])],
  // Of a sign-in, `sign-in.pending` has said it.
  'challenge.mailed': (_, { purpose }) => (purpose === 'sign-in' ? [] : [challenge('mailed-link', 'required')]),
  'challenge.confirmed': () => [challenge('mailed-link', 'succeeded')],
  'challenge.failed': (_, { reason }) => [challenge('mailed-link', 'failed'), failure('challenge', reason)],
  'challenge.disowned': () => [challenge('mailed-link', 'disowned')],
  'step-up.required': () => [challenge('step-up', 'required')],
  'step-up.succeeded': () => [challenge('step-up', 'succeeded')],
  'step-up.failed': (_, { reason }) => [challenge('step-up', 'failed'), failure('step-up', reason)],
  'email-change.failed': (_, { reason }) => [failure('confirm-email-change', reason)],
  'password-change.failed': (_, { reason }) => [failure('password-change', reason)],
  'password-reset.failed': (_, { reason }) => [failure('password-reset', reason)],
  'password.rejected': (_, { flow }) => [failure(flow, 'rejected-password')],
  'request.malformed': (_, { flow }) => [failure(flow, 'malformed')],
  'request.failed': (_, { flow }) => [failure(flow, 'error')],
  'limiter.refused': (entry, { limiter, rule }) => [refusal(entry, 'limiter', rule, limiter), ...(limiter === 'sign-in' && entry.outcome === 'denied' ? [signIn('refused')] : [])],
  'login-guard.decided': (entry, { verdict, flow }) => [refusal(entry, 'login-guard', verdict, flow ?? 'sign-in')],
  'hasher.busy': (entry) => [refusal(entry, 'hasher', 'busy')],
  'session.refused': (entry, { reason }) => [refusal(entry, 'session', reason)],
  'mfa.refused': (entry, { verdict }) => [refusal(entry, 'mfa', verdict)],
  'read-only.refused': (entry, { level }) => [refusal(entry, 'read-only', level)],
  'request.cross-site': (entry) => [refusal(entry, 'cross-site', 'cross-site')],
  'alarm.raised': (_, { kind }) => [counted('alarms', { kind })],
  'attack.level-changed': (_, { to }) => levelWords.map((level) => ({ metric: 'attackLevel', value: level === to ? 1 : 0, labels: { level } })),
  'store.degraded': (_, { store }) => [{ ...counted('storeDegraded', { store }), value: 1 }],
  'store.recovered': (_, { store }) => [{ ...counted('storeDegraded', { store }), value: 0 }],
};

/** What an entry changes. Labels hold words of the table and no others: no account, name or address, and nothing that was typed. */
export function measurementsOf(entry: AuditEntry): readonly Measurement[] {
  const { event, outcome, level, details } = entry;
  const noticed = defenses[event];
  const volume = event === 'read-only.refused' && typeof details['count'] === 'number' ? details['count'] : 1;
  const of = (metric: MetricName): Measurement[] => (noticed === undefined ? [] : [{ ...counted(metric, { defense: noticed[0] }), value: volume }]);
  return [
    counted('events', { event, outcome, level }),
    ...(measures[event]?.(entry, details) ?? []),
    ...of('detected'),
    ...(noticed?.[1] === true && outcome !== 'observed' ? of('mitigated') : []),
  ].flatMap(closed);
}

function counted(metric: MetricName, labels: Readonly<Record<string, AuditValue | undefined>>): Measurement {
  return { metric, value: 1, labels: Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)])) };
}

function signIn(outcome: string): Measurement {
  return counted('signInAttempts', { outcome });
}

function failure(flow: AuditValue | undefined, reason: AuditValue | undefined): Measurement {
  return counted('failures', { flow, reason });
}

function challenge(kind: AuditValue | undefined, outcome: string): Measurement {
  return counted('challenges', { challenge: kind, outcome });
}

function refusal({ outcome, details }: AuditEntry, guard: string, reason: AuditValue | undefined, flow: AuditValue = 'other'): Measurement {
  const value = guard === 'read-only' && typeof details['count'] === 'number' ? details['count'] : 1;
  return { ...counted('refusals', { guard, flow, reason, outcome: outcome === 'observed' ? outcome : 'denied' }), value };
}

/** A word that the table does not know becomes `other`. Where there is none, nothing is measured. */
function closed(measurement: Measurement): readonly Measurement[] {
  const labels: Record<string, string> = {};
  const known: Readonly<Record<string, readonly string[]>> = metricLines[measurement.metric].labels;
  for (const [label, value] of Object.entries(measurement.labels)) {
    const words = known[label] ?? [];
    const word = words.includes(value) ? value : words.find((other) => other === 'other');
    if (word === undefined) return [];
    labels[label] = word;
  }
  return measurement.value >= 0 && Number.isFinite(measurement.value) ? [{ ...measurement, labels }] : [];
}

/** All the series of a metric that is there from the start. */
export function seriesOf({ labels, fromStart }: MetricLine): readonly Readonly<Record<string, string>>[] {
  if (fromStart !== true) return [];
  return Object.entries(labels).reduce<readonly Readonly<Record<string, string>>[]>((all, [label, words]) => all.flatMap((one) => words.map((word) => ({ ...one, [label]: word }))), [{}]);
}
