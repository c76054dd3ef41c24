import { systemClock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import { harmless } from '../kernel/harmless.ts';
import { callback, integer, list, oneOf, port, readOptions, text } from '../kernel/options.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Clock } from '../ports/clock.ts';
import type { Emit } from '../ports/events.ts';
import type { RandomSource } from '../ports/random.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { ReadOnlyError } from './error.ts';
import { createFollower } from './follower.ts';
import { createOrders, type Orders } from './orders.ts';
import { createReports } from './reports.ts';
import { createSwitchboard, refuses, type Switchboard } from './switchboard.ts';
import type { ReadOnlyBanner, ReadOnlyKnowledge, ReadOnlyLevel, ReadOnlyRequest, ReadOnlyStanding, ReadOnlySubject, ReadOnlyVerdict } from './types.ts';

export interface ReadOnlyModeOptions {
  readonly records: RecordStore;
  /** What holds in a process that has never reached the store. Default `writes`. */
  readonly whenUnknown?: ReadOnlyLevel;
  /** How often the record is looked at, beside being watched, ms. Default 500; 50 to 1,000. */
  readonly pollMs?: number;
  /** Account ids that pass what is refused to others (break-glass); each use is an event. Default none. */
  readonly operators?: readonly string[];
  /** Organizations and users that can have a switch at once. Default 250; at most 400. */
  readonly maxScopes?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly emit?: Emit;
}

/** An operation of a service, a job, a queue or a resolver. `sensitive`: refused from the first level on. */
export interface ReadOnlyOperation extends ReadOnlySubject {
  readonly name: string;
  readonly sensitive?: boolean | undefined;
}

export interface ReadOnlyMode extends Orders {
  /** Whether a request may pass, from what this process knows; no store is asked. Throws ERR_CONFIG for a subject whose ids are no strings. */
  check(request: ReadOnlyRequest): ReadOnlyVerdict;
  /** Throws {@link ReadOnlyError} where writing is refused: for what is behind the routes. */
  assertWritable(operation: ReadOnlyOperation): void;
  /** What stands for somebody: the strictest switch that binds them. No event. */
  standing(subject?: ReadOnlySubject): ReadOnlyStanding;
  /** The same as users may see it; undefined while nothing is switched on for them. */
  banner(subject?: ReadOnlySubject): ReadOnlyBanner | undefined;
  /** What this process knows of the switches. */
  known(): ReadOnlyKnowledge;
  /** Resolves with true once the store has been reached, with false after `deadlineMs` (default 5 s). */
  ready(deadlineMs?: number): Promise<boolean>;
  /** Ends watching and polling. What is known then holds on. */
  close(): void;
}

/** The defaults of {@link createReadOnlyMode}. */
export const readOnlyDefaults = Object.freeze({ whenUnknown: 'writes', pollMs: 500, maxScopes: 250 });

const readyMs = 5_000;

/**
 * Makes the switch for incidents: everyone, an organization or a user may read and not write, in all processes within a second
 * (RFC 9110 sections 9.2.1 and 15.6.4; OWASP ASVS 5.0 16.5.3). When the store is gone the last known state holds. Throws
 * ERR_CONFIG; `set`, `lift` and `status` reject with ERR_STORE or ERR_BUSY.
 */
export function createReadOnlyMode(options: ReadOnlyModeOptions): ReadOnlyMode {
  const { records, whenUnknown, pollMs, operators, maxScopes, clock, random, ...parsed } = readOptions('read-only', options, {
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    whenUnknown: oneOf<ReadOnlyLevel>(['off', 'sensitive', 'writes', 'all'], 'writes'),
    pollMs: integer({ min: 50, max: 1_000, fallback: readOnlyDefaults.pollMs }),
    operators: list(text(), []),
    maxScopes: integer({ min: 1, max: 400, fallback: readOnlyDefaults.maxScopes }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
    emit: callback<Emit>(() => undefined),
  });
  const emit: Emit = harmless(parsed.emit);
  const board = createSwitchboard({ clock, whenUnknown });
  const follower = createFollower({ records, clock, emit, pollMs, changed: board.take });
  const reports = createReports({ clock, emit });
  const orders = createOrders({ records, clock, random, emit, maxScopes, follower });
  const judge = createJudge({ board, reports, operators: new Set(operators), clock });

  return Object.freeze({
    ...orders,
    check: (request) => judge(request, request.method),
    assertWritable(operation) {
      const { name, sensitive, accountId, organizationIds } = operation;
      if (typeof name !== 'string' || name === '') throw new ConfigError('read-only.assertWritable: expected the name of an operation');
      const verdict = judge({ method: 'WRITE', label: sensitive === true ? 'sensitive' : undefined, accountId, organizationIds }, `operation ${name}`);
      if (!verdict.allowed) throw refusalOf(name, verdict);
    },
    standing: (subject = {}) => board.standing(subject),
    banner: (subject = {}) => bannerOf(board.standing(subject)),
    known: () => board.knowledge(follower.state()),
    ready: (deadlineMs = readyMs) => follower.ready(deadlineMs),
    close() {
      follower.close();
      reports.close();
    },
  } satisfies ReadOnlyMode);
}

const allowed: ReadOnlyVerdict = Object.freeze({ allowed: true });
const broken: ReadOnlyVerdict = Object.freeze({ allowed: true, breakGlass: true });

interface JudgeParts {
  readonly board: Switchboard;
  readonly reports: ReturnType<typeof createReports>;
  readonly operators: ReadonlySet<string>;
  readonly clock: Clock;
}

/** `what`: the request or the operation, for the log. */
function createJudge({ board, reports, operators, clock }: JudgeParts): (request: ReadOnlyRequest, what: string) => ReadOnlyVerdict {
  return function judge(request, what) {
    const standing = board.standing(request);
    if (!refuses(standing.level, request)) return allowed;
    const { level, switch: found } = standing as { readonly level: Exclude<ReadOnlyLevel, 'off'> } & ReadOnlyStanding;
    if (request.accountId !== undefined && operators.has(request.accountId)) {
      reports.brokeGlass({ level, what, accountId: request.accountId });
      return broken;
    }
    reports.refused({ level, scope: found?.scope, what, label: request.label, accountId: request.accountId });
    return { allowed: false, level, ...(found !== undefined && { switch: found }), retryAfterMs: retryAfterMs(found?.untilMs, clock.nowMs()) };
  };
}

const unplannedRetryMs = 60_000;
const longestRetryMs = 3_600_000;

/** Until the planned end, but never so long that a switch lifted early is not noticed. */
function retryAfterMs(untilMs: number | undefined, nowMs: number): number {
  return untilMs === undefined ? unplannedRetryMs : Math.min(Math.max(1_000, untilMs - nowMs), longestRetryMs);
}

function refusalOf(name: string, { level, switch: found, retryAfterMs }: Extract<ReadOnlyVerdict, { allowed: false }>): ReadOnlyError {
  return new ReadOnlyError(`read-only: "${name.slice(0, 100)}" was refused`, {
    level,
    retryAfterMs,
    ...(found !== undefined && { reason: found.reason, ...(found.untilMs !== undefined && { untilMs: found.untilMs }) }),
  });
}

function bannerOf({ level, switch: found }: ReadOnlyStanding): ReadOnlyBanner | undefined {
  if (level === 'off') return undefined;
  return { level, reason: found?.reason ?? '', ...(found !== undefined && { sinceMs: found.sinceMs, ...(found.untilMs !== undefined && { untilMs: found.untilMs }) }) };
}
