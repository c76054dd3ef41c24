import { systemClock } from '../kernel/clock.ts';
import { withDeadline } from '../kernel/deadline.ts';
import type { KeyRing } from '../kernel/keys.ts';
import { callback, integer, oneOf, optional, port, readOptions, text } from '../kernel/options.ts';
import { oncePer } from '../kernel/once-per.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit, SecurityEvent } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { AddressForm } from './address.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import { entryOf, type AuditEntry } from './entry.ts';
import { safeText } from './safe-text.ts';
import { sinksOption, type AuditSink, type AuditWrite, type BatchSink } from './sinks.ts';

export interface AuditLogOptions {
  /** Seals addresses under the purpose `address`. */
  readonly keys: KeyRing;
  /** Where entries go, at least one: functions, or `{ name, write }`. */
  readonly sinks: readonly (AuditSink | AuditWrite)[];
  /** How network addresses appear. Default `sealed`. */
  readonly addresses?: AddressForm;
  /** Names the app in every entry, for logs that several apps share. */
  readonly appId?: string;
  /** Entries that may wait for each sink. Default 1,000; beyond it they are dropped and counted. */
  readonly maxWaiting?: number;
  /** Told that a sink fails where no other sink works that could be told. Default: `process.emitWarning`. */
  readonly warn?: (warning: string) => void;
  readonly clock?: Clock;
  readonly random?: RandomSource;
}

/** What was lost, since the log was made. */
export interface AuditLosses {
  /** What was handed to `emit` and is no event of the catalogue, or came from a sink while it wrote. */
  readonly refused: number;
  /** Entries that a sink did not take, by its name. */
  readonly bySink: Readonly<Record<string, number>>;
}

export interface AuditLog {
  /** Hand it to every piece. Never throws, whatever it is given, and never waits. */
  readonly emit: Emit;
  /** Waits until every sink has taken its entries, at most `deadlineMs`; answers how many are left. For shutdown. */
  drain(deadlineMs: number): Promise<number>;
  dropped(): AuditLosses;
}

/** The defaults of {@link createAuditLog}. */
export const auditDefaults = Object.freeze({ addresses: 'sealed', maxWaiting: 1_000 });

/** A sink that is down fails at every entry: one event a minute says it. */
const quietMs = 60_000;

/**
 * Makes the audit log: every event of the library becomes one entry, in every sink (OWASP ASVS 5.0 16.2, 16.3, 16.4).
 * A sink that fails, throws or hangs costs its own entries, never an answer. Throws ERR_CONFIG here, later nothing.
 */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { sinks, maxWaiting, ...parsed } = parseOptions(options);
  const { clock, warn } = parsed;
  const entryFor = createEntries(parsed);
  const mayTell = oncePer(quietMs, clock);
  const troubled = new Map<string, number>();
  let refused = 0;
  let writing = false;

  function send(event: SecurityEvent, to: readonly Delivery[]): void {
    const entry = entryFor(event);
    if (entry === undefined) refused += 1;
    else for (const delivery of to) delivery.push(entry);
  }

  function report(sink: string, error: string): void {
    troubled.set(sink, clock.monotonicMs());
    if (!mayTell(sink)) return;
    const others = deliveries.filter(({ name }) => name !== sink);
    const dropped = deliveries.find(({ name }) => name === sink)?.dropped() ?? 0;
    // Where the others are in trouble as well, the event may reach nobody.
    const well = others.filter(({ name }) => clock.monotonicMs() - (troubled.get(name) ?? -Infinity) > quietMs);
    if (well.length === 0) warn(`portcullis: the audit sink "${sink}" fails (${error}); entries lost so far: ${dropped}`);
    if (others.length > 0) send({ type: 'audit.sink-failed', sink, error, dropped }, others);
  }

  /** What a sink reports while it writes would come back to it, for ever. */
  function write(sink: BatchSink, entries: readonly AuditEntry[]): void | Promise<void> {
    writing = true;
    try {
      return sink.write(entries);
    } finally {
      writing = false;
    }
  }

  const deliveries: readonly Delivery[] = sinks.map((sink) => {
    const onTrouble = (error: string): void => void quietly(() => { report(sink.name, error); });
    return createDelivery({ sink: { ...sink, write: (entries) => write(sink, entries) }, maxWaiting, clock, onTrouble });
  });

  return Object.freeze({
    emit(event: SecurityEvent) {
      if (writing || !quietly(() => { send(event, deliveries); })) refused += 1;
    },
    async drain(deadlineMs: number) {
      const emptied = Promise.all(deliveries.map((delivery) => delivery.emptied()));
      await withDeadline(emptied, { clock, deadlineMs, onLate: () => new Error('late') }).catch(() => undefined);
      return deliveries.reduce((sum, delivery) => sum + delivery.pending(), 0);
    },
    dropped: () => ({ refused, bySink: Object.fromEntries(deliveries.map((delivery) => [delivery.name, delivery.dropped()])) }),
  } satisfies AuditLog);
}

function parseOptions(options: AuditLogOptions) {
  return readOptions('audit', options, {
    keys: port<KeyRing>(['digest', 'seal', 'open'], undefined, 'createKeyRing()'),
    sinks: sinksOption,
    addresses: oneOf<AddressForm>(['sealed', 'masked'], auditDefaults.addresses as AddressForm),
    appId: optional(text()),
    maxWaiting: integer({ min: 1, max: 1_000_000, fallback: auditDefaults.maxWaiting }),
    warn: callback<(warning: string) => void>((warning: string) => {
      process.emitWarning(warning, { code: 'PORTCULLIS_AUDIT' });
    }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
  });
}

/** Makes the function that turns events into numbered entries. */
function createEntries({ keys, addresses, appId, clock, random }: Pick<ReturnType<typeof parseOptions>, 'keys' | 'addresses' | 'appId' | 'clock' | 'random'>): (event: unknown) => AuditEntry | undefined {
  const app = appId === undefined ? undefined : safeText(appId);
  const logId = random(9).toString('base64url');
  let count = 0;
  return function entryFor(event) {
    const entry = entryOf(event, { keys, addresses, appId: app, nowMs: clock.nowMs(), id: `${logId}-${count + 1}` });
    if (entry !== undefined) count += 1;
    return entry;
  };
}

/** Whether it ran to its end. A getter of an event, a broken clock or a `warn` that throws must not reach a sign-in. */
function quietly(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
