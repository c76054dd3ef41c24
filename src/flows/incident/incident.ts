import { systemClock } from '../../kernel/clock.ts';
import { harmless } from '../../kernel/harmless.ts';
import { callback, integer, optional, port, readOptions, wrong, type OptionReader } from '../../kernel/options.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Accounts } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Emit } from '../../ports/events.ts';
import type { ExposureSource } from '../../ports/exposure-source.ts';
import type { Mailer } from '../../ports/mailer.ts';
import type { RandomSource } from '../../ports/random.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { recordsInTime } from '../in-time.ts';
import { createContain } from './contain.ts';
import type { ContainReport } from './contain-report.ts';
import { createLift, type LiftReport } from './lift.ts';
import type { ActivityQuery, EntryQuery, IncidentOptions, IncidentParts, SignInQuery } from './parts.ts';
import type { ContainPlan } from './plan.ts';
import { createIncidentBook } from './record.ts';
import { createReport, type IncidentReport } from './report.ts';
import { createStatus, type IncidentStatus } from './status.ts';
import type { AccountPages } from './walk.ts';

export interface IncidentResponse {
  /**
   * Contains an incident: read-only on, sessions ended, the affected found and their passwords marked, a second factor made
   * mandatory, everybody told. The same plan again goes on where it stopped, or answers what was done. A step that fails keeps none of
   * the others from being done: `complete` says whether to call again.
   */
  contain(plan: ContainPlan): Promise<ContainReport>;
  /** Switches read-only mode off, if this incident switched it on. Sessions stay ended; marks and the policy stay. */
  lift(order: { readonly id: string; readonly by: string }): Promise<LiftReport>;
  /** What the affected accounts did and when what was done, for a postmortem. Undefined for an unknown incident. */
  report(order: { readonly id: string }): Promise<IncidentReport | undefined>;
  /** One incident, or the newest hundred, newest first. */
  status(id?: string): Promise<readonly IncidentStatus[]>;
}

const dayMs = 86_400_000;

/** The defaults of {@link createIncidentResponse}. */
export const incidentDefaults = Object.freeze({ mailsPerSecond: 50, keepForMs: 400 * dayMs, takeOverAfterMs: 3_000 });

const linksOption: OptionReader<IncidentOptions['links']> = (given, name) => {
  const { signIn, forgot } = Object(given) as { readonly signIn?: unknown; readonly forgot?: unknown };
  if (typeof signIn !== 'string' || typeof forgot !== 'string') throw wrong(name, '{ signIn, forgot }', given);
  return Object.freeze({ signIn, forgot });
};

const recordsDeadlineMs = 10_000;

/**
 * Makes the response to an incident (OWASP ASVS 5.0 7.4.5, 6.2.10, 6.4.6; NIST SP 800-61r3). Throws ERR_CONFIG; later rejects with
 * ERR_CONFIG for a wrong plan, naming the field, and with ERR_STORE or ERR_BUSY where the incident itself cannot be written down.
 */
export function createIncidentResponse(options: IncidentOptions): IncidentResponse {
  const read = readOptions('incident', options, {
    records: port<RecordStore>(['read', 'compareAndSet', 'watch']),
    readOnly: port<IncidentOptions['readOnly']>(['set', 'lift', 'status'], undefined, 'createReadOnlyMode()'),
    epochs: port<IncidentOptions['epochs']>(['revokeEveryone', 'revokeOrganization', 'revokeUser', 'newest'], undefined, 'createSessionEpochs()'),
    resets: port<IncidentOptions['resets']>(['check', 'markAll', 'markBefore'], undefined, 'createForcedResets()'),
    mfa: port<IncidentOptions['mfa']>(['read', 'require'], undefined, 'createMfaPolicy()'),
    mailer: port<Mailer>(['send']),
    links: linksOption,
    accounts: port<Pick<Accounts, 'findById'>>(['findById']),
    devices: optional(port<NonNullable<IncidentOptions['devices']>>(['revokeAll'], undefined, 'createDevices()')),
    endResets: optional(callback<NonNullable<IncidentOptions['endResets']>>()),
    renewMails: optional(callback<NonNullable<IncidentOptions['renewMails']>>()),
    pages: optional(callback<AccountPages>()),
    signIns: optional(callback<SignInQuery>()),
    entries: optional(callback<EntryQuery>()),
    activity: optional(callback<ActivityQuery>()),
    exposure: optional(port<ExposureSource>(['check'])),
    mailsPerSecond: integer({ min: 1, max: 1_000, fallback: incidentDefaults.mailsPerSecond }),
    keepForMs: integer({ min: 7 * dayMs, max: 3_660 * dayMs, fallback: incidentDefaults.keepForMs }),
    takeOverAfterMs: integer({ min: 0, max: 60_000, fallback: incidentDefaults.takeOverAfterMs }),
    clock: port<Clock>(['nowMs', 'monotonicMs', 'after'], () => systemClock),
    random: callback<RandomSource>(systemRandom),
    emit: callback<Emit>(() => undefined),
    reportError: callback<(error: unknown) => void>(() => undefined),
  });
  const emit: Emit = harmless(read.emit);
  const records = recordsInTime(read.records, { clock: read.clock, deadlineMs: recordsDeadlineMs, emit });
  const parts: IncidentParts = { ...read, records, emit, reportError: harmless(read.reportError) };
  const book = createIncidentBook(records);
  return Object.freeze({ contain: createContain(parts, book), lift: createLift(parts, book), report: createReport(parts, book), status: createStatus(parts, book) } satisfies IncidentResponse);
}
